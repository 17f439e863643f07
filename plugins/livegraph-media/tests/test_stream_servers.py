"""Streams to real servers: nginx with its RTMP module, and FFmpeg as an RTSP server."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
from rtmp_server import RtmpServer, free_port

from livegraph.testing import run_graph
from livegraph_media import read_frame_number
from livegraph_media.planes import yuv420p_of
from livegraph_media.stream import Rtmp, Stream

STALL_S = 1.0
"""A server that stops answering would hold the graph for seconds; a busy machine holds it for a tenth of one."""

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtmpServer]:
    server = RtmpServer(tmp_path)
    server.start()
    yield server
    server.kill()


@dataclass
class Watched:
    """When `process` was called, and how long the node's end took."""

    calls: list[float] = field(default_factory=list)
    teardown_s: float = -1.0

    @property
    def longest_gap_s(self) -> float:
        return max(after - before for before, after in zip(self.calls, self.calls[1:], strict=False))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    process, teardown = Stream.process, Stream.teardown

    def timed_process(self: Stream, video: Any) -> None:
        watched.calls.append(time.monotonic())
        process(self, video)

    def timed_teardown(self: Stream) -> None:
        begun = time.monotonic()
        teardown(self)
        watched.teardown_s = time.monotonic() - begun

    monkeypatch.setattr(Rtmp, "process", timed_process)
    monkeypatch.setattr(Rtmp, "teardown", timed_teardown)
    return watched


def graph(url: str, use: str = "media.rtmp", fps: int = 30) -> dict[str, Any]:
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "320x180", "fps": fps}},
        "out": {"use": use, "in": "scene", "params": {"url": url, "bitrate": 1500, "gop": 0.5, "preset": "ultrafast"}},
    }
    return {"livegraph": 1, "nodes": nodes}


def dropped(result: Any) -> int:
    """Pictures that a busy machine had no time for: all are counted."""
    stats = result.outcome.stats
    parts = (*stats["sources"].values(), *stats["nodes"].values(), *stats["edges"].values())
    return sum(sum(part["dropped"].values()) for part in parts)


def run_beside(url: str, duration_s: float, scenario: Callable[[], Any], **options: Any) -> tuple[Any, Any]:
    """Run the graph while a scenario is played on another thread; both results."""
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(scenario)
        result = run_graph(graph(url, **options), duration_s=duration_s)
        return result, played.result()


def numbers_from(url: str, count: int, patience_s: float = 20) -> list[tuple[float, int | None]]:
    """When which picture came from a server; it is asked again until it has the stream."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with av.open(url, timeout=(5.0, 3.0)) as video:
                seen = []
                for frame in video.decode(video=0):
                    seen.append((time.monotonic(), read_frame_number(yuv420p_of(frame))))
                    if len(seen) == count:
                        return seen
        except (OSError, av.FFmpegError):
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the server has no picture")
        time.sleep(0.1)


def notes(result: Any) -> list[str]:
    return [note.removeprefix("out: ") for note in result.stats["notes"]]


@pytest.mark.parametrize("key", ["s3cret", "s3c|r'e]t:=[x"])
def test_pictures_arrive(server: RtmpServer, watched: Watched, key: str) -> None:
    url = server.url.replace("s3cret", key)
    result, seen = run_beside(url, 8, lambda: numbers_from(url, 60))
    assert result.outcome.ok, result.outcome.error
    numbers = [number for _, number in seen]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] - 59 <= dropped(result), "what did not arrive was dropped at the door, and counted"
    assert notes(result) == [f"sending to rtmp://127.0.0.1:{server.port}/live/***"]
    assert watched.longest_gap_s < STALL_S
    assert watched.teardown_s < 2


def test_a_server_that_was_away_for_ten_seconds_has_the_picture_back_within_five(
    server: RtmpServer, watched: Watched
) -> None:
    def scenario() -> float:
        numbers_from(server.url, 10)
        server.kill()
        time.sleep(10)
        server.start()
        returned = time.monotonic()
        return numbers_from(server.url, 1)[0][0] - returned

    result, back_s = run_beside(server.url, 24, scenario)
    assert result.outcome.ok, result.outcome.error
    print(f"back after {back_s:.2f} s, longest gap {watched.longest_gap_s * 1000:.0f} ms")
    assert back_s < 5
    assert watched.longest_gap_s < STALL_S
    assert len(watched.calls) + dropped(result) > 30 * 24 * 0.95
    name = f"rtmp://127.0.0.1:{server.port}/live/***"
    first, lost, back = notes(result)
    assert first == f"sending to {name}"
    assert lost.startswith(f"{name} is gone (")
    assert back.startswith(f"{name} is back after 1")
    assert result.stats["nodes"]["out"]["restarts"] == 0


def test_a_server_that_stops_reading_holds_up_neither_the_graph_nor_its_end(
    server: RtmpServer, watched: Watched
) -> None:
    def scenario() -> None:
        numbers_from(server.url, 10)
        server.freeze()

    result, _ = run_beside(server.url, 16, scenario)
    server.thaw()
    assert result.outcome.ok, result.outcome.error
    assert watched.longest_gap_s < STALL_S
    print(f"teardown {watched.teardown_s:.2f} s, longest gap {watched.longest_gap_s * 1000:.0f} ms")
    assert watched.teardown_s < 4
    assert len(watched.calls) + dropped(result) > 30 * 16 * 0.95


def test_a_server_that_goes_on_after_a_while_has_the_picture_again(server: RtmpServer, watched: Watched) -> None:
    def scenario() -> float:
        numbers_from(server.url, 10)
        server.freeze()
        time.sleep(12)
        server.thaw()
        thawed = time.monotonic()
        return numbers_from(server.url, 30)[0][0] - thawed

    result, back_s = run_beside(server.url, 26, scenario)
    assert result.outcome.ok, result.outcome.error
    print(f"back after {back_s:.2f} s, longest gap {watched.longest_gap_s * 1000:.0f} ms", notes(result))
    assert back_s < 8
    assert watched.longest_gap_s < STALL_S


def test_an_rtmps_server_has_to_prove_who_it_is(
    server: RtmpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "certificate.pem"
    _make_certificate(certificate)
    with without_tls(certificate, server.port) as port:
        url = f"rtmps://localhost:{port}/live/s3cret"
        result = run_graph(graph(url), duration_s=4)
        (refused,) = notes(result)
        assert f"no connection to rtmps://localhost:{port}/live/*** (Peer certificate failed verification)" in refused
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        result, seen = run_beside(url, 8, lambda: numbers_from(server.url, 30))
        assert notes(result) == [f"sending to rtmps://localhost:{port}/live/***"]
        assert len(seen) == 30


def test_a_stream_that_the_server_refuses_is_told_with_its_reason(server: RtmpServer) -> None:
    result, second = run_beside(
        server.url, 8, lambda: (numbers_from(server.url, 1), run_graph(graph(server.url), duration_s=3))
    )
    assert notes(second[1]) == [
        f"no connection to rtmp://127.0.0.1:{server.port}/live/*** (Server error: Already publishing): "
        "it is tried again, and pictures are dropped meanwhile"
    ]
    assert notes(result) == [f"sending to rtmp://127.0.0.1:{server.port}/live/***"]


def _make_certificate(path: Path) -> None:
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    key = ["-newkey", "rsa:2048", "-keyout", str(path.with_suffix(".key"))]
    subprocess.run(["openssl", "req", "-x509", *key, "-out", str(path), *names], check=True, capture_output=True)


@contextlib.contextmanager
def without_tls(certificate: Path, port: int) -> Iterator[int]:
    """A port that takes TLS off, and passes on what comes to another one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    async def serve(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, on = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(near, on), pass_on(far, back))

    async def main(opened: Future[int], over: threading.Event) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        opened.set_result(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(over.wait)
        server.close()

    opened: Future[int] = Future()
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(lambda: asyncio.run(main(opened, over)))
        yield opened.result(10)
        over.set()
        ended.result(10)


async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


def test_pictures_arrive_at_an_rtsp_server(tmp_path: Path) -> None:
    url, path = f"rtsp://127.0.0.1:{free_port()}/studio", tmp_path / "received.mkv"
    command = ["ffmpeg", "-loglevel", "error", "-rtsp_flags", "listen", "-i", url, "-c", "copy", str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as listener:
        time.sleep(1)
        result = run_graph(graph(url, use="media.rtsp"), duration_s=6)
        listener.wait(20)
    assert result.outcome.ok, result.outcome.error
    with av.open(str(path)) as video:
        numbers = [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]
    assert len(numbers) > 90
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] + 1 - len(numbers) <= dropped(result)
    assert notes(result) == [f"sending to {url}"]
