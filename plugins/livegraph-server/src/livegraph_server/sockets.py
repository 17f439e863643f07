"""Pictures over WebSockets: JPEGs as binary messages, and JSON beside them. See the README for the messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import simplejpeg  # type: ignore[import-untyped]
from fastapi import APIRouter, WebSocket
from fastapi.responses import PlainTextResponse

from livegraph_server.channel import Channel
from livegraph_server.control_talk import ControlTalk
from livegraph_server.lanes import Lane, Lanes
from livegraph_server.line import Line, client_of
from livegraph_server.socket_control import SocketControl
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
    thread. `converse`: a conversation about parameters, for a client.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, converse: Callable[[str], ControlTalk]) -> None:
        self._loop, self._converse = loop, converse
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
        if node not in self._inputs and node not in self._outputs:
            there = ", ".join([*self._inputs, *self._outputs]) or "none"
            text = f"no web.socket node {node!r} runs here; there are: {there}"
            await socket.send_denial_response(PlainTextResponse(text, HTTPStatus.NOT_FOUND))
            return
        await socket.accept()
        line = Line(socket)
        control = SocketControl(line, self._converse(client_of(socket)))
        if node in self._inputs:
            await Talk(socket, line, control, self._inputs[node], Channel(self._loop)).go_on()
        else:
            await until_one_ends(_watch(line, self._outputs[node]), _hear(socket, control), control.go_on())


def router(sockets: Sockets) -> APIRouter:
    """`/socket/NODE`."""
    routes = APIRouter(prefix="/socket", tags=["video"])

    @routes.websocket("/{node}")
    async def socket(socket: WebSocket, node: str) -> None:
        await sockets.serve(socket, node)

    return routes


class Talk:
    """One user of an input: sends pictures, hears of their place, and gets back what the graph made of them."""

    def __init__(self, socket: WebSocket, line: Line, control: SocketControl, lanes: Lanes, replies: Channel) -> None:
        self._socket, self._line, self._control = socket, line, control
        self._lanes, self._replies = lanes, replies
        self._heard_at = asyncio.get_running_loop().time()

    async def go_on(self) -> None:
        """Until the user leaves, is idle, or the server ends."""
        lane = self._lanes.join(self._replies)
        if lane is None:
            await self._error("too many wait already; come back later")
            await self._socket.close(TRY_AGAIN)
            return
        try:
            replying = _watch(self._line, self._replies, "frame.processed")
            await until_one_ends(self._hear(lane), self._tell(lane), replying, self._control.go_on())
        finally:
            self._lanes.leave(lane)

    async def _hear(self, lane: Lane) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            jpeg = message.get("bytes")
            if jpeg is None:
                await self._control.hear(message["text"])
                continue
            self._heard_at = asyncio.get_running_loop().time()
            if wrong := _wrong(jpeg):
                await self._error(wrong)
            else:
                self._lanes.offer(lane, jpeg)

    async def _tell(self, lane: Lane) -> None:
        """Ends when the user has a lane and makes no use of it."""
        loop, told, told_at = asyncio.get_running_loop(), -1, 0.0
        while True:
            place = self._lanes.place(lane)
            if place:
                self._heard_at = loop.time()
            elif loop.time() - self._heard_at > self._lanes.idle_s:
                await self._error(f"no picture came for {self._lanes.idle_s:g} s")
                return
            if lane.refused:
                refused, lane.refused = lane.refused, ""
                await self._error(refused)
            if place != told or loop.time() - told_at >= STATS_S:
                told, told_at = place, loop.time()
                await self._line.send({"type": "stats", "place": place, "users": self._lanes.users, **_counts(lane)})
            await asyncio.sleep(TICK_S)

    async def _error(self, words: str) -> None:
        await self._line.send({"type": "error", "message": words})


def _counts(lane: Lane) -> dict[str, int]:
    return {"frames": lane.frames, "dropped": lane.dropped, "processed": lane.replies.newest()}


def _wrong(jpeg: bytes) -> str:
    """What is wrong with a message that should be a JPEG; empty where nothing is."""
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
        await line.send({"type": kind, "frame": tag}, jpeg)


async def _hear(socket: WebSocket, control: SocketControl) -> None:
    """Who only watches has no pictures to send; that they go is heard."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if (text := message.get("text")) is not None:
            await control.hear(text)
