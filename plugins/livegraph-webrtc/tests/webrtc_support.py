"""What several tests need: a web to serve nodes on, a thread that feeds a sink, and aiortc peers as probes."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import httpx
import numpy as np
from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from fastapi import FastAPI

from livegraph import Context, Frame, Yuv420p
from livegraph_media import read_frame_number
from livegraph_media.frame_number import draw_frame_number
from livegraph_webrtc.planes import picture_of
from livegraph_webrtc.service import WebRtc

SIZE = 320, 240


class RealClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep_until(self, when_ns: int) -> None:
        raise NotImplementedError


class TestWeb:
    """As much of a `livegraph_server.Server` as nodes see, on the test's own loop."""

    __test__ = False

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.app = FastAPI()
        self.offers: list[Any] = []
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1")

    def include(self, router: Any, accepts: Any = ()) -> None:
        self.app.include_router(router)

    def offer(self, offer: Any) -> Callable[[], None]:
        self.offers.append(offer)
        return lambda: self.offers.remove(offer)

    def converse(self, door: str, client: str) -> Any:
        raise NotImplementedError("there is no run here whose parameters could change")


class Stage:
    """Nodes that are set up on one web, as a run would."""

    def __init__(self) -> None:
        self.web = TestWeb()
        self.webrtc = WebRtc()
        self.said: list[str] = []

    async def built(self, cls: Any, name: str = "show", wired: Collection[str] = (), **params: Any) -> Any:
        services = {"web": self.web, "webrtc": self.webrtc}
        ctx = Context(name, "live", RealClock(), wired=wired, say=self.said.append, service=services.__getitem__)
        node = cls(cls.Params(**params), ctx)
        await asyncio.to_thread(node.setup)
        return node


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await asyncio.to_thread(made.webrtc.close)
    await made.web.client.aclose()


def numbered(number: int, size: tuple[int, int] = SIZE, level: int = 90) -> Yuv420p:
    """A grey picture with a readable number; something moves in it."""
    luma = np.full((size[1], size[0]), level, np.uint8)
    luma[: size[1] // 2, (number * 4) % size[0] :][:, :24] = 200
    draw_frame_number(luma, number)
    luma = (16 + luma.astype(np.uint16) * 219 // 255).astype(np.uint8)
    chroma = np.full((size[1] // 2, size[0] // 2), 128, np.uint8)
    return Yuv420p(luma, chroma, chroma)


class Feeder:
    """Gives a sink numbered pictures in real time, on a thread of its own."""

    def __init__(self, node: Any, fps: float = 30.0, size: tuple[int, int] = SIZE) -> None:
        self._node, self._fps, self.size = node, fps, size
        self._stop = threading.Event()
        self.given = 0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(max(0.0, began + self.given / self._fps - time.monotonic())):
            try:
                pts_ns = round(self.given * 1e9 / self._fps)
                self._node.process(Frame(pts_ns, data=numbered(self.given, self.size)))
            except BaseException as error:
                self.failure = error
                return
            self.given += 1


class Watcher:
    """An aiortc peer that watches by WHEP, and notes each picture: its number, its RTP time, when it came."""

    def __init__(self, web: Any, path: str, configuration: RTCConfiguration | None = None) -> None:
        self._client, self._path = web.client, path
        self.connection = RTCPeerConnection(configuration or RTCConfiguration(iceServers=[]))
        self.seen: list[tuple[int | None, int, float]] = []
        self.sizes: list[tuple[int, int]] = []
        self.asked_s = 0.0
        self.location = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def numbers(self) -> list[int]:
        return [number for number, _, _ in self.seen if number is not None]

    async def start(self, kinds: tuple[str, ...] = ("video",)) -> httpx.Response:
        for kind in kinds:
            self.connection.addTransceiver(kind, "recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.asked_s = time.monotonic()
        answer = await self._client.post(
            self._path, content=self.connection.localDescription.sdp, headers={"content-type": "application/sdp"}
        )
        if answer.status_code == 201:
            self.location = answer.headers["location"]
            await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            self._task = asyncio.create_task(self._watch())
        return answer

    async def until(self, count: int, within_s: float = 10.0) -> None:
        """Until so many pictures have come, all told."""
        await until(lambda: len(self.seen) >= count, within_s)

    async def close(self) -> None:
        await self.connection.close()
        if self._task is not None:
            self._task.cancel()  # a receiver that never began to receive does not end its track
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        track = next(each.receiver.track for each in self.connection.getTransceivers() if each.kind == "video")
        try:
            while True:
                frame = await track.recv()
                self.sizes.append((frame.width, frame.height))
                self.seen.append((read_frame_number(picture_of(frame)), frame.pts, time.monotonic()))
        except MediaStreamError:
            return


class Painted(VideoStreamTrack):
    """A track of numbered pictures at 30 a second, for a peer that sends."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        super().__init__()
        self.size = size
        self.number = 0

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        frame = video_frame(numbered(self.number, self.size))
        frame.pts, frame.time_base = pts, Fraction(base)
        self.number += 1
        return frame


def video_frame(picture: Yuv420p) -> VideoFrame:
    planes = np.concatenate([plane.reshape(-1) for plane in (picture.y, picture.u, picture.v)])
    width, height = picture.y.shape[1], picture.y.shape[0]
    return VideoFrame.from_ndarray(planes.reshape(height * 3 // 2, width), format="yuv420p")


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    end_s = time.monotonic() + within_s
    for _ in itertools.repeat(None):
        if condition():
            return
        assert time.monotonic() < end_s, f"not within {within_s} s"
        await asyncio.sleep(0.01)


def wait_for(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """`until`, where there is no loop."""
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s, f"not within {within_s} s"
        time.sleep(0.001)


class Sender:
    """An aiortc peer that sends by WHIP."""

    def __init__(self, web: Any, path: str, codec: str = "h264", size: tuple[int, int] = SIZE) -> None:
        self._client, self._path = web.client, path
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.track = Painted(size)
        self.transceiver = self.connection.addTransceiver(self.track, "sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        self.transceiver.setCodecPreferences(
            [each for each in codecs if each.mimeType.lower() in (f"video/{codec}", "video/rtx")]
        )
        self.location = ""

    async def start(self, sound: bool = False) -> httpx.Response:
        if sound:
            self.connection.addTransceiver(AudioStreamTrack(), "sendonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await self._client.post(
            self._path, content=self.connection.localDescription.sdp, headers={"content-type": "application/sdp"}
        )
        if answer.status_code == 201:
            self.location = answer.headers["location"]
            await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return answer

    async def close(self) -> None:
        await self.connection.close()


class Reader:
    """Reads a source on a thread of its own, as a run does."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._stop = threading.Event()
        self.frames: list[Frame] = []
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self.failure is None, self.failure

    @property
    def numbers(self) -> list[int]:
        found = [read_frame_number(frame.data) for frame in list(self.frames)]
        return [number for number in found if number is not None]

    async def until(self, count: int, within_s: float = 10.0) -> None:
        await until(lambda: len(self.frames) >= count, within_s)

    def take(self, read: Any) -> None:
        """What one read gave."""
        self.frames.append(read)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if (read := self._node.read()) is not None:
                    self.take(read)
        except BaseException as error:
            self.failure = error
