"""The newest picture of a node, for any number of viewers: each is encoded once, and only if somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from livegraph_server.jpeg import encode


class Shot(NamedTuple):
    """A picture as it came from the node, and how it is to be sent."""

    number: int
    picture: Any
    quality: int
    max_fps: float
    tag: int


class Encoded(NamedTuple):
    """The same as it goes to viewers."""

    number: int
    jpeg: bytes
    tag: int


class Closed(Exception):
    """The server ends."""


class Channel:
    """Holds one picture, not a queue: who is slow gets the newest next time. `put` may be called from any thread, all
    else on the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, encode: Callable[[Any, int], bytes] = encode) -> None:
        self.viewers = 0
        self.encodes = 0
        self._loop = loop
        self._encode_picture = encode
        self._newest: Shot | None = None
        self._encoded = Encoded(0, b"", 0)
        self._waiting = 0
        self._fresh = asyncio.Event()
        self._job: asyncio.Task[None] | None = None
        self._due = 0.0
        self._closed = False

    def put(self, picture: Any, quality: int, max_fps: float, tag: int = 0) -> None:
        """A new picture takes the place of the one before. It must not be written into any more. `tag` goes with it."""
        number = self._newest.number + 1 if self._newest is not None else 1
        self._newest = Shot(number, picture, quality, max_fps, tag)
        if self._waiting:
            with suppress(RuntimeError):  # the server has ended before the node
                self._loop.call_soon_threadsafe(self._wake)

    def newest(self) -> int:
        """The number of the newest picture; 0 before there was one."""
        return self._newest.number if self._newest is not None else 0

    def before_newest(self) -> int:
        """What to ask `next` with for the picture that is there already, or else the first."""
        return max(self.newest() - 1, 0)

    async def next(self, seen: int) -> Encoded:
        """The newest picture after number `seen`; waits until there is one. `Closed` when there will be none."""
        self._waiting += 1
        try:
            while self._encoded.number <= seen:
                await self._step(seen)
            return self._encoded
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Everybody who waits goes home."""
        self._closed = True
        self._wake()

    async def _step(self, seen: int) -> None:
        if self._closed:
            raise Closed
        if self._job is None and self.newest() > seen:
            self._job = self._loop.create_task(self._encode())
        if self._job is not None:
            await asyncio.shield(self._job)  # of all who wait, whoever goes away
            return
        self._fresh.clear()
        await self._fresh.wait()

    async def _encode(self) -> None:
        try:
            await self._pause()
            shot = self._newest
            assert shot is not None
            jpeg = await asyncio.to_thread(self._encode_picture, shot.picture, shot.quality)
            self._encoded = Encoded(shot.number, jpeg, shot.tag)
            self.encodes += 1
        finally:
            self._job = None

    async def _pause(self) -> None:
        """Until the next picture is due, by its rate. After a late one the next comes sooner."""
        assert self._newest is not None
        period = 1 / self._newest.max_fps
        now = self._loop.time()
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._due = max(self._due, now - period / 2) + period

    def _wake(self) -> None:
        self._fresh.set()
