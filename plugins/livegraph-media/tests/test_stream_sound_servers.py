"""Sound beside the picture at a real RTMP server: in step, and still so after the server was away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from film_support import write_film
from rtmp_server import RtmpServer

from livegraph.testing import run_graph
from livegraph_media.null import Null

STALL_S = 1.0
"""A server that stops answering would hold the graph for seconds; a busy machine holds it for a tenth of one."""
IN_STEP_S = 0.04
AWAY_S = 10

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtmpServer]:
    server = RtmpServer(tmp_path)
    server.start()
    yield server
    server.kill()


@dataclass
class Received:
    """When the first picture and sound came from a server, and when the stream is white and clicks, in seconds."""

    picture_at: float = 0.0
    sound_at: float = 0.0
    white: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)

    def add(self, frame: Any) -> None:
        begin = float(frame.pts * frame.time_base)
        if isinstance(frame, av.VideoFrame):
            self.picture_at = self.picture_at or time.monotonic()
            if frame.to_ndarray(format="gray").mean() > 128:
                self.white.append(begin)
            return
        self.sound_at = self.sound_at or time.monotonic()
        for index in np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.3):
            when = begin + int(index) / frame.sample_rate
            if not self.clicks or when - self.clicks[-1] > 0.05:
                self.clicks.append(when)

    def apart_s(self) -> list[float]:
        """How far each click is from its flash; those at either end, of which one may be missing, are left out."""
        inner = [each for each in self.clicks if self.white[0] - 0.1 < each < self.white[-1] + 0.1]
        return [min((each - white for white in self.white), key=abs) for each in inner]


def receive(url: str, seconds: float, patience_s: float = 20) -> Received:
    """What comes from a server in so much of the stream's time; it is asked again until it has the stream."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        received = Received()
        try:
            with av.open(url, timeout=(5.0, 3.0)) as stream:
                begin = None
                for frame in stream.decode(video=0, audio=0):
                    begin = frame.time if begin is None else begin
                    received.add(frame)
                    if frame.time - begin > seconds and received.sound_at and received.picture_at:
                        return received
        except (OSError, IndexError, av.FFmpegError):
            pass
        time.sleep(0.1)
    raise TimeoutError("the server has not both picture and sound")


def run_beside(film: Path, url: str, duration_s: float, scenario: Callable[[], Any]) -> tuple[Any, Any]:
    """Send a film in a loop, and to a null sink beside it, while a scenario is played; both results."""
    nodes = {
        "clip": {"use": "media.file", "params": {"path": str(film), "live": True, "loop": True}},
        "beside": {"use": "media.null", "in": "clip"},
        "out": {
            "use": "media.rtmp",
            "in": {"video": "clip", "audio": "clip.audio"},
            "params": {"url": url, "gop": 0.5, "preset": "ultrafast"},
        },
    }
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(scenario)
        return run_graph({"livegraph": 1, "nodes": nodes}, duration_s=duration_s), played.result()


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When frames came to the null sink."""
    calls: list[float] = []
    process = Null.process

    def timed(self: Null, *args: Any, **inputs: Any) -> Any:
        calls.append(time.monotonic())
        return process(self, *args, **inputs)

    monkeypatch.setattr(Null, "process", timed)
    return calls


@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_flash_and_click_arrive_as_one(server: RtmpServer, tmp_path: Path, rate: int) -> None:
    film = write_film(tmp_path / "x.mp4", 4, (10, 30, 60, 85), rate=rate)
    result, received = run_beside(film, server.url, 10, lambda: receive(server.url, 6))
    assert result.outcome.ok, result.outcome.error
    apart = received.apart_s()
    print(f"clicks {[round(1000 * each) for each in apart]} ms behind their flashes")
    assert len(apart) >= 4
    assert max(map(abs, apart)) < IN_STEP_S


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_after_a_server_was_away_picture_and_sound_are_back_in_step(
    server: RtmpServer, tmp_path: Path, beside: list[float], how: str
) -> None:
    def scenario() -> tuple[Received, float, Received]:
        before = receive(server.url, 3)
        getattr(server, how)()
        time.sleep(AWAY_S)
        server.start()
        returned = time.monotonic()
        return before, returned, receive(server.url, 5)

    film = write_film(tmp_path / "x.mp4", 4, (10, 30, 60, 85))
    result, (before, returned, after) = run_beside(film, server.url, 30, scenario)
    assert result.outcome.ok, result.outcome.error
    gap_s = max(later - earlier for earlier, later in pairwise(beside))
    back_s = after.picture_at - returned, after.sound_at - returned
    apart = after.apart_s()
    print(
        f"{how}: picture and sound back after {back_s[0]:.2f} and {back_s[1]:.2f} s; longest gap beside "
        f"{1000 * gap_s:.0f} ms; clicks {[round(1000 * each) for each in apart]} ms behind their flashes"
    )
    assert max(back_s) < 5
    assert gap_s < STALL_S
    assert len(before.apart_s()) >= 2
    assert len(apart) >= 3
    assert max(map(abs, before.apart_s() + apart)) < IN_STEP_S
    assert result.stats["nodes"]["out"]["restarts"] == 0
