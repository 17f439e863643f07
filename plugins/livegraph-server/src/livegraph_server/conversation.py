"""A program's way to a run's parameters: the WebSocket `/api/v1/control`, asked and answered one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

OPEN_S = 10.0
ANSWER_S = 10.0


class Refused(Exception):
    """What the run refuses, or why it cannot be reached, in words."""


class Conversation:
    """Open while in use as a context. `Refused` where the run says no."""

    def __init__(self, address: str, token: str = "") -> None:
        self._address, self._token = address.rstrip("/"), token
        self._number = 0
        self._open = ExitStack()

    def __enter__(self) -> Conversation:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        url = f"{self._address.replace('http', 'ws', 1)}/api/v1/control"
        try:
            opened = connect(url, additional_headers=headers, open_timeout=OPEN_S, proxy=None)
            self._socket: ClientConnection = self._open.enter_context(opened)
        except InvalidStatus as error:
            raise Refused(self._why(error.response.status_code)) from None
        except (OSError, TimeoutError, InvalidURI) as error:
            raise Refused(f"nothing answers at {self._address}: {error}") from None
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def ask(self, kind: str, **more: Any) -> dict[str, Any]:
        """Say something, and wait for the answer."""
        self._number += 1
        self._socket.send(json.dumps({"type": kind, "id": self._number, **more}))
        for message in self._heard(ANSWER_S):
            if message.get("id") == self._number:
                if message["type"] == "error":
                    raise Refused(message["message"])
                return message
        raise AssertionError("unreachable")

    def messages(self, kind: str) -> Iterator[dict[str, Any]]:
        """All of a kind, until the run ends."""
        return (message for message in self._heard(None) if message["type"] == kind)

    def _heard(self, timeout_s: float | None) -> Iterator[dict[str, Any]]:
        while True:
            try:
                message: dict[str, Any] = json.loads(self._socket.recv(timeout_s))
            except TimeoutError:
                raise Refused("the run does not answer") from None
            except ConnectionClosed:
                raise Refused("the run has ended") from None
            yield message

    def _why(self, status: int) -> str:
        if status == HTTPStatus.UNAUTHORIZED:
            return f"{self._address} asks for a token: set LIVEGRAPH_TOKEN to the one that its run has"
        if status == HTTPStatus.NOT_FOUND:
            return f"{self._address} is no livegraph, or an older one"
        return f"{self._address} answers {status}"
