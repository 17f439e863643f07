"""MJPEG over HTTP: a stream that never ends, as `<img>` shows it, and single pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import StreamingResponse

from livegraph_server.channel import Channel, Closed

BOUNDARY = "frame"
TO_COME_S = 5.0
"""How long a snapshot waits for the first picture."""


class Pictures:
    """The channels of a run, by node. They stay while a node is restarted: who watches sees the last picture."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._channels: dict[str, Channel] = {}

    def channel(self, node: str) -> Channel:
        """From any thread; one node's from one at a time."""
        return self._channels.setdefault(node, Channel(self._loop))

    def find(self, node: str) -> Channel:
        """For a request: 404 where there is no such node."""
        if node not in self._channels:
            there = ", ".join(self._channels) or "none"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no web.mjpeg node {node!r} runs here; there are: {there}")
        return self._channels[node]

    def close(self) -> None:
        """All streams end. On the loop."""
        for channel in list(self._channels.values()):
            channel.close()


def router(pictures: Pictures) -> APIRouter:
    """`/mjpeg/NODE` and `/mjpeg/NODE/snapshot.jpg`."""
    routes = APIRouter(prefix="/mjpeg", tags=["video"])

    @routes.get("/{node}", response_class=StreamingResponse, summary="The node's pictures, as multipart JPEG")
    async def stream(node: str) -> StreamingResponse:
        parts = _parts(pictures.find(node))
        return StreamingResponse(parts, media_type=f"multipart/x-mixed-replace; boundary={BOUNDARY}")

    @routes.get("/{node}/snapshot.jpg", response_class=Response, summary="The node's newest picture")
    async def snapshot(node: str) -> Response:
        return Response(await _one(pictures.find(node)), media_type="image/jpeg")

    return routes


async def _parts(channel: Channel) -> AsyncIterator[bytes]:
    """Each part ends with the boundary of the next: browsers show a picture only once they have read that. While a
    viewer does not read, its stream stands still in `yield`, and asks for no picture.
    """
    channel.viewers += 1
    try:
        yield f"--{BOUNDARY}\r\n".encode()
        seen = channel.before_newest()
        while True:
            seen, jpeg, _ = await channel.next(seen)
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield b"".join((head.encode(), jpeg, f"\r\n--{BOUNDARY}\r\n".encode()))
    except Closed:
        return
    finally:
        channel.viewers -= 1


async def _one(channel: Channel) -> bytes:
    try:
        async with asyncio.timeout(TO_COME_S):
            return (await channel.next(channel.before_newest())).jpeg
    except (TimeoutError, Closed):
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "no picture has come yet") from None
