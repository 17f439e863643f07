"""Control messages on a socket that is there for pictures."""

from __future__ import annotations

import asyncio

from livegraph_server.control_message import LARGEST
from livegraph_server.control_talk import ControlTalk
from livegraph_server.line import Line
from livegraph_server.together import until_one_ends

MOST_WAITING = 16
"""Messages that may wait to be answered; then nothing more is read from who sends them."""


class SocketControl:
    """Begins with the first text: who sends none hears nothing of it. Pictures do not wait for answers."""

    def __init__(self, line: Line, talk: ControlTalk) -> None:
        self._line, self._talk = line, talk
        self._texts: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    async def hear(self, text: str) -> None:
        """Returns once there is room for more. Of one that is too long no more is kept than shows it."""
        await self._texts.put(text[: LARGEST + 1])

    async def go_on(self) -> None:
        """Until it is cancelled."""
        first = await self._texts.get()
        await until_one_ends(self._talk.tell(self._line.send), self._answer(first))

    async def _answer(self, text: str) -> None:
        while True:
            await self._line.send(await self._talk.answer(text))
            text = await self._texts.get()
