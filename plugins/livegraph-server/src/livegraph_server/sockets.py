"""Pictures over WebSockets: JPEGs as binary messages, and JSON beside them. See the README for the messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import simplejpeg  # type: ignore[import-untyped]
from fastapi import APIRouter, WebSocket
from fastapi.responses import PlainTextResponse

from livegraph_server.channel import Channel
from livegraph_server.lanes import Lane, Lanes
from livegraph_server.together import until_one_ends

LARGEST = 4096
"""Pixels that a picture from outside may have each way."""
SCANS = 32
"""Passes over a picture that a progressive JPEG may have; encoders make 10. Each costs the decoder some 10 ms at that
size, and has 33 bytes: a message full of them would take an hour.
"""
TICK_S = 0.1
STATS_S = 1.0
TRY_AGAIN = 1013
"""RFC 6455's registry: try again later."""


class Sockets:
    """The socket nodes of a run. Who is connected stays so while a node is restarted, until the server ends. From any
    thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._inputs: dict[str, Lanes] = {}
        self._outputs: dict[str, Channel] = {}

    def lanes(self, node: str, limit: int, idle_s: float) -> Lanes:
        """Where users of an input node line up."""
        lanes = self._inputs.setdefault(node, Lanes(limit, idle_s))
        lanes.limit, lanes.idle_s = limit, idle_s
        return lanes

    def channel(self, node: str) -> Channel:
        """Where an output node's pictures go."""
        return self._outputs.setdefault(node, Channel(self._loop))

    def lane(self, user: int) -> Lane | None:
        """A user who is still there, at whatever input."""
        return next((lane for lanes in list(self._inputs.values()) if (lane := lanes.find(user))), None)

    async def serve(self, socket: WebSocket, node: str) -> None:
        """Until either side has enough."""
        if node in self._inputs:
            await socket.accept()
            await Talk(socket, self._inputs[node], Channel(self._loop)).go_on()
        elif node in self._outputs:
            await socket.accept()
            await until_one_ends(_watch(Line(socket), self._outputs[node]), _discard(socket))
        else:
            there = ", ".join([*self._inputs, *self._outputs]) or "none"
            text = f"no web.socket node {node!r} runs here; there are: {there}"
            await socket.send_denial_response(PlainTextResponse(text, HTTPStatus.NOT_FOUND))


def router(sockets: Sockets) -> APIRouter:
    """`/socket/NODE`."""
    routes = APIRouter(prefix="/socket", tags=["video"])

    @routes.websocket("/{node}")
    async def socket(socket: WebSocket, node: str) -> None:
        await sockets.serve(socket, node)

    return routes


class Line:
    """The way to one user: a message and its picture are never parted."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._turn = asyncio.Lock()

    async def send(self, kind: str, words: Mapping[str, Any], jpeg: bytes | None = None) -> None:
        async with self._turn:
            await self._socket.send_text(json.dumps({"type": kind, **words}))
            if jpeg is not None:
                await self._socket.send_bytes(jpeg)


class Talk:
    """One user of an input: sends pictures, hears of their place, and gets back what the graph made of them."""

    def __init__(self, socket: WebSocket, lanes: Lanes, replies: Channel) -> None:
        self._socket, self._lanes, self._replies = socket, lanes, replies
        self._line = Line(socket)
        self._heard_at = asyncio.get_running_loop().time()

    async def go_on(self) -> None:
        """Until the user leaves, is idle, or the server ends."""
        lane = self._lanes.join(self._replies)
        if lane is None:
            await self._line.send("error", {"message": "too many wait already; come back later"})
            await self._socket.close(TRY_AGAIN)
            return
        try:
            replying = _watch(self._line, self._replies, "frame.processed")
            await until_one_ends(self._hear(lane), self._tell(lane), replying)
        finally:
            self._lanes.leave(lane)

    async def _hear(self, lane: Lane) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._heard_at = asyncio.get_running_loop().time()
            if wrong := _wrong(message.get("bytes")):
                await self._line.send("error", {"message": wrong})
            else:
                self._lanes.offer(lane, message["bytes"])

    async def _tell(self, lane: Lane) -> None:
        """Ends when the user has a lane and makes no use of it."""
        loop, told, told_at = asyncio.get_running_loop(), -1, 0.0
        while True:
            place = self._lanes.place(lane)
            if place:
                self._heard_at = loop.time()
            elif loop.time() - self._heard_at > self._lanes.idle_s:
                await self._line.send("error", {"message": f"nothing came for {self._lanes.idle_s:g} s"})
                return
            if lane.refused:
                refused, lane.refused = lane.refused, ""
                await self._line.send("error", {"message": refused})
            if place != told or loop.time() - told_at >= STATS_S:
                told, told_at = place, loop.time()
                await self._line.send("stats", {"place": place, "users": self._lanes.users, **_counts(lane)})
            await asyncio.sleep(TICK_S)


def _counts(lane: Lane) -> dict[str, int]:
    return {"frames": lane.frames, "dropped": lane.dropped, "processed": lane.replies.newest()}


def _wrong(jpeg: bytes | None) -> str:
    """What is wrong with a message that should be a JPEG; empty where nothing is."""
    if jpeg is None:
        return "send JPEGs, as binary messages"
    try:
        height, width = simplejpeg.decode_jpeg_header(jpeg)[:2]
    except ValueError as error:
        return f"this is no JPEG: {error}"
    if max(width, height) > LARGEST:
        return f"{width}x{height} is more than {LARGEST} pixels each way"
    return f"it has more than {SCANS} scans" if jpeg.count(b"\xff\xda") > SCANS else ""


async def _watch(line: Line, channel: Channel, kind: str = "frame") -> None:
    seen = channel.before_newest()
    while True:
        seen, jpeg, tag = await channel.next(seen)
        await line.send(kind, {"frame": tag}, jpeg)


async def _discard(socket: WebSocket) -> None:
    """Who only watches has nothing to say; that they go is heard."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
