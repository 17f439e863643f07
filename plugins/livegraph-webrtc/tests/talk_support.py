"""A data channel, from its other end."""

from __future__ import annotations

import json
from typing import Any

from webrtc_support import until


class Line:
    """A channel of a peer, and what came by it."""

    def __init__(self, peer: Any, label: str = "livegraph") -> None:
        self.channel = peer.connection.createDataChannel(label)
        self.heard: list[dict[str, Any]] = []
        self.channel.on("message", lambda text: self.heard.append(json.loads(text)))

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in list(self.heard) if message["type"] == kind]

    def say(self, kind: str, **more: Any) -> None:
        self.channel.send(json.dumps({"type": kind, **more}))

    async def next(self, kind: str, after: int = 0, within_s: float = 20) -> dict[str, Any]:
        """The first one of a kind that comes after so many of it."""
        await until(lambda: len(self.kinds(kind)) > after, within_s)
        return self.kinds(kind)[after]
