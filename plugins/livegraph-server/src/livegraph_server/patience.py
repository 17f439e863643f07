"""How long a request may take until its answer begins: its body has to arrive meanwhile."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TO_ANSWER_S = 30.0


class Patience:
    """Gives up on a request after a while. An answer that has begun, such as a stream, may last. Who goes away before
    all was said is let go.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(TO_ANSWER_S) as limit:

                async def begin(message: Message) -> None:
                    limit.reschedule(None)
                    await send(message)

                await self._app(scope, receive, begin)
        except ClientDisconnect:
            return
        except TimeoutError:
            if not limit.expired():  # another's, in an answer that had begun
                raise
            late = PlainTextResponse("This took too long.", HTTPStatus.REQUEST_TIMEOUT, {"connection": "close"})
            await late(scope, receive, send)
