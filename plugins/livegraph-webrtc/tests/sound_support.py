"""Peers that send and get sound beside pictures: films that flash when they click."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtcpSrPacket
from av import AudioFrame
from film_support import FPS, clicking
from webrtc_support import until, video_frame

from livegraph import Frame, Yuv420p
from livegraph_webrtc.presentation import Presentation, unix_ns_of
from livegraph_webrtc.rtp_time import nearest
from livegraph_webrtc.sender_reports import report_by

LIP_SYNC_NS = 40_000_000
"""EBU R37: sound 40 ms early is hardly noticed, and 60 ms late."""
RATE = 48_000
SAMPLES = 960


class Sensed:
    """What one track of a receiver brings, told by the sender's own clock, as its reports have it."""

    def __init__(self, receiver: RTCRtpReceiver, clock_rate: int) -> None:
        self._receiver, self._clock_rate = receiver, clock_rate
        self.reports: list[tuple[int, int]] = []
        self.frames: list[tuple[int, Any]] = []
        """RTP times, and pictures' mean luma or float32 [samples, channels]."""
        handle = receiver._handle_rtcp_packet

        async def overheard(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                self.reports.append((packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp))
            await handle(packet)

        receiver._handle_rtcp_packet = overheard  # type: ignore[method-assign]

    async def sense(self) -> None:
        try:
            while True:
                frame = await self._receiver.track.recv()
                origin = self._receiver._RTCRtpReceiver__timestamp_mapper._origin  # type: ignore[attr-defined]
                self.frames.append((origin + frame.pts, _sensed(frame)))
        except MediaStreamError:
            return

    def unix_ns(self, rtp: int) -> int:
        """When something was presented, by the sender's newest report."""
        ntp, reported = self.reports[-1]
        return unix_ns_of(ntp) + (rtp - nearest(reported, rtp)) * 1_000_000_000 // self._clock_rate


class Audience:
    """A peer that looks and listens, by WHEP."""

    def __init__(self, web: Any, path: str) -> None:
        self._client, self._path = web.client, path
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._tasks: list[asyncio.Task[None]] = []
        self.answer = ""

    async def start(self) -> None:
        receivers = [self.connection.addTransceiver(kind, "recvonly").receiver for kind in ("audio", "video")]
        self.sound, self.picture = Sensed(receivers[0], RATE), Sensed(receivers[1], 90_000)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await self._client.post(
            self._path, content=self.connection.localDescription.sdp, headers={"content-type": "application/sdp"}
        )
        assert answer.status_code == 201, answer.text
        self.answer = answer.text
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        self._tasks = [asyncio.create_task(each.sense()) for each in (self.sound, self.picture)]

    @property
    def flashes_ns(self) -> list[int]:
        return [self.picture.unix_ns(rtp) for rtp, luma in self.picture.frames if luma > 128]

    @property
    def clicks_ns(self) -> list[int]:
        return clicks(
            [(self.sound.unix_ns(rtp), samples) for rtp, samples in self.sound.frames],
        )

    async def until_in_step(self, count: int, within_s: float = 60.0) -> list[int]:
        """Until so many flashes have been seen whose clicks were heard, too; by how much each click is late."""
        await until(lambda: bool(self.sound.reports and self.picture.reports), within_s)
        await until(lambda: len(offsets_ns(self.flashes_ns, self.clicks_ns)) >= count, within_s)
        return offsets_ns(self.flashes_ns, self.clicks_ns)

    async def close(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def clicks(blocks: Sequence[tuple[int, Any]]) -> list[int]:
    """When clicks begin, of blocks of 48 kHz with their times."""
    found: list[int] = []
    for begin_ns, samples in blocks:
        for index in np.flatnonzero(np.abs(samples).max(axis=1) > 0.3):
            when = begin_ns + int(index) * 1_000_000_000 // RATE
            if not found or when - found[-1] > 50_000_000:
                found.append(when)
    return found


def offsets_ns(flashes: Sequence[int], clicks: Sequence[int], within_ns: int = 300_000_000) -> list[int]:
    """By how much the click of each flash comes after it, where there is one near."""
    near = [min((click - flash for click in clicks), key=abs, default=within_ns) for flash in flashes]
    return [offset for offset in near if abs(offset) < within_ns]


def _sensed(frame: Any) -> Any:
    if not isinstance(frame, AudioFrame):
        return frame.to_ndarray(format="gray").mean()
    return frame.to_ndarray().reshape(-1, 2).astype(np.float32) / 32768


class Flashing(MediaStreamTrack):
    """A dark film of 25 pictures a second that is white at every whole second but the first, at its times."""

    kind = "video"

    def __init__(self, began_s: float) -> None:
        super().__init__()
        self._began_s, self._number = began_s, 0
        self.sent_ticks: int | None = None

    async def recv(self) -> Any:
        number, self._number = self._number, self._number + 1
        self.sent_ticks = (number - 1) * 90_000 // FPS if number else None
        await asyncio.sleep(max(0.0, self._began_s + number / FPS - time.monotonic()))
        frame = video_frame(picture(white=number > 0 and number % FPS == 0))
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        return frame


class Clicking(MediaStreamTrack):
    """The clicks of `Flashing`, at the same times."""

    kind = "audio"

    def __init__(self, began_s: float) -> None:
        super().__init__()
        self._began_s, self._number = began_s, 0
        self.sent_ticks: int | None = None
        self._second = (32767 * clicking(1, RATE, 2, (0,))).astype(np.int16)

    async def recv(self) -> AudioFrame:
        number, self._number = self._number, self._number + 1
        self.sent_ticks = (number - 1) * SAMPLES if number else None
        await asyncio.sleep(max(0.0, self._began_s + (number + 1) * SAMPLES / RATE - time.monotonic()))
        at = number * SAMPLES % RATE
        block = self._second[at : at + SAMPLES] * (number >= RATE // SAMPLES)
        frame = AudioFrame.from_ndarray(block.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, number * SAMPLES, Fraction(1, RATE)
        return frame


def picture(white: bool, size: tuple[int, int] = (64, 48)) -> Yuv420p:
    luma = np.full((size[1], size[0]), 235 if white else 20, np.uint8)
    chroma = np.full((size[1] // 2, size[0] // 2), 128, np.uint8)
    return Yuv420p(luma, chroma, chroma)


class Filming:
    """A peer that sends `Flashing` and `Clicking`, by WHIP, and reports as browsers do, by one clock. aiortc would
    report when each was sent, sound 20 ms after it began.
    """

    def __init__(self, web: Any, path: str) -> None:
        self._client, self._path = web.client, path
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        began_s = time.monotonic() + 0.5
        presentation = Presentation()
        presentation.due(0)
        for track, rate in ((Flashing(began_s), 90_000), (Clicking(began_s), RATE)):
            sender = self.connection.addTransceiver(track, "sendonly").sender
            report_by(presentation, sender, rate, lambda track=track: track.sent_ticks)

    async def start(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await self._client.post(
            self._path, content=self.connection.localDescription.sdp, headers={"content-type": "application/sdp"}
        )
        assert answer.status_code == 201, answer.text
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return str(answer.text)

    async def close(self) -> None:
        await self.connection.close()


def block(number: int, samples: np.ndarray, rate: int = RATE, size: int = SAMPLES) -> Frame:
    """The `number`th block of a sound, at its time from 0."""
    part = samples[number * size : (number + 1) * size]
    return Frame(number * size * 1_000_000_000 // rate, data=part, meta={"rate": rate})


async def give(node: Any, seconds: float) -> None:
    """25 pictures and 50 blocks of sound a second, in real time, to a sink on a thread of its own."""
    samples = clicking(seconds, RATE, 1, np.arange(0, seconds, 0.5))
    began_s = asyncio.get_running_loop().time()
    for number in range(round(seconds * RATE) // SAMPLES):
        sound = block(number, samples)
        shown = Frame(sound.pts_ns, data=picture(white=number % 25 == 0)) if number % 2 == 0 else None
        await asyncio.to_thread(node.process, video=shown, audio=sound)
        await asyncio.sleep(max(0.0, began_s + number * SAMPLES / RATE - asyncio.get_running_loop().time()))
