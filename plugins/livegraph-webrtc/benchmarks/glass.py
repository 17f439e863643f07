"""livegraph's share of the way from a camera to a screen, and what it costs: WHIP, a graph, WHEP, over loopback.

    python plugins/livegraph-webrtc/benchmarks/glass.py [--size 1280x720] [--seconds 15] [--viewers 1 3]

`livegraph run` goes on in a process of its own. A sender here sends pictures that were encoded before, and viewers here
note when packets come. A picture's time is from when its last packet was sent until its last packet came back:
assembly, decoding, the graph, encoding, sending; neither camera and first encoder, nor last decoder and screen.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import statistics
import sys
import time
from contextlib import suppress
from typing import Any

import httpx
import psutil
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from served import served

from livegraph import Size
from livegraph_media import read_frame_number
from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.frame_number import draw_frame_number
from livegraph_media.scene import Scene
from livegraph_webrtc.encoder import Encoder
from livegraph_webrtc.ffmpeg import Packet
from livegraph_webrtc.planes import picture_of
from livegraph_webrtc.rtp_time import TIME_BASE

FPS = 30
SDP = {"content-type": "application/sdp"}
NODES = {"cam": {"use": "webrtc.in", "params": {"size": "source"}}, "out": {"use": "webrtc.out", "in": "cam"}}


class Film(MediaStreamTrack):
    """Pictures with numbers, encoded beforehand, at their times; notes when each was handed over."""

    kind = "video"

    def __init__(self, size: Size, count: int) -> None:
        super().__init__()
        scene, encoder = Scene(size), Encoder("h264", "ultrafast")
        self._packets: list[bytes] = []
        for number in range(count):
            picture = scene.draw(number / FPS)
            draw_frame_number(picture, number)
            coded = encoder.encode(rgb24_to_yuv420p(picture), number * 3000, 3_000_000, FPS, number % FPS == 0)
            self._packets += [bytes(each.packet) for each in coded]
        self._began_s: float | None = None
        self._next = 0

    async def recv(self) -> Any:
        self._began_s = self._began_s or time.monotonic()
        number, self._next = self._next, self._next + 1
        if number >= len(self._packets):
            raise MediaStreamError
        await asyncio.sleep(max(0.0, self._began_s + number / FPS - time.monotonic()))
        packet = Packet(self._packets[number])
        packet.pts, packet.time_base = number * 3000, TIME_BASE
        return packet


class Peer:
    """A connection by WHIP or WHEP."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def connect(self, path: str) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await self._client.post(path, content=self.connection.localDescription.sdp, headers=SDP)
        answer.raise_for_status()
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))


async def send(client: httpx.AsyncClient, film: Film) -> tuple[Peer, dict[int, float]]:
    """Begin to send; when the last packet of each picture went out, by its number."""
    peer, sent = Peer(client), dict[int, float]()
    transceiver = peer.connection.addTransceiver(film, "sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([each for each in codecs if each.mimeType in ("video/H264", "video/rtx")])
    transport = transceiver.sender.transport
    forward, base = transport._send_rtp, list[int]()

    async def noted(data: bytes) -> None:
        await forward(data)
        if data[1] < 192 or data[1] > 208:  # RTP, not RTCP
            ticks = int.from_bytes(data[4:8], "big")
            base.append(ticks)
            sent[(ticks - base[0]) % (1 << 32) // 3000] = time.monotonic()

    transport._send_rtp = noted  # type: ignore[method-assign]
    await peer.connect("/whip/cam")
    return peer, sent


async def watch(client: httpx.AsyncClient) -> tuple[Peer, dict[int, float]]:
    """Begin to watch; when the last packet of each picture came, by its number."""
    peer, came, numbers = Peer(client), dict[int, float](), dict[int, float]()
    receiver = peer.connection.addTransceiver("video", "recvonly").receiver
    handle, base = receiver._handle_rtp_packet, list[int]()

    async def noted(packet: Any, arrival_time_ms: int) -> None:
        base.append(packet.timestamp)
        came[(packet.timestamp - base[0]) % (1 << 32)] = time.monotonic()
        await handle(packet, arrival_time_ms)

    receiver._handle_rtp_packet = noted  # type: ignore[method-assign]
    await peer.connect("/whep/out")

    async def read() -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await receiver.track.recv()
                number = read_frame_number(picture_of(frame))  # type: ignore[arg-type]
                if number is not None and frame.pts in came:
                    numbers[number] = came[frame.pts]

    peer.reading = asyncio.create_task(read())  # type: ignore[attr-defined]
    return peer, numbers


async def measure(size: Size, seconds: float, viewers: int) -> None:
    film = Film(size, round((seconds + 3) * FPS))
    async with served(NODES) as (client, process):
        await report(client, film, size, seconds, viewers, process)


async def report(
    client: httpx.AsyncClient, film: Film, size: Size, seconds: float, viewers: int, process: psutil.Process
) -> None:
    sender, sent = await send(client, film)
    watching = [await watch(client) for _ in range(viewers)]
    await asyncio.sleep(3.0)
    before, began_s, first = process.cpu_times(), time.monotonic(), max(sent)
    await asyncio.sleep(seconds)
    after, took_s, last = process.cpu_times(), time.monotonic() - began_s, max(sent) - 5
    cores = (after.user + after.system - before.user - before.system) / took_s
    taken = [came[n] - sent[n] for _, came in watching for n in came if n in sent and first <= n <= last]
    share = len(taken) / viewers / (last - first + 1)
    taken.sort()
    sys.stdout.write(
        f"{size[0]}x{size[1]} {FPS} fps, {viewers} viewer{'s' * (viewers > 1)}: "
        f"p50 {1000 * statistics.median(taken):.1f} ms, p95 {1000 * taken[int(0.95 * len(taken))]:.1f} ms, "
        f"{100 * share:.1f} % of pictures, {cores:.2f} cores, {process.memory_info().rss >> 20} MiB\n"
    )
    for peer, _ in [(sender, None), *watching]:
        await peer.connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 3])
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    sys.stdout.write(f"{platform.machine()} {platform.system()}, {psutil.cpu_count()} cores\n")
    for viewers in options.viewers:
        asyncio.run(measure((width, height), options.seconds, viewers))


if __name__ == "__main__":
    main()
