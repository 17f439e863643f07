"""A microphone through a real sound server: PulseAudio, as ALSA reaches it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from media_support import built, context
from sound_server import SoundServer

from livegraph import Frame, Gap
from livegraph_media.microphone import Microphone
from livegraph_media.steady_sound import BLOCK_NS

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

RATE = 48_000
RAW = ("--raw", "--format=float32le", f"--rate={RATE}", "--channels=1")
IN_STEP_S = 0.04


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{server.socket}")
    monkeypatch.setenv("HOME", str(tmp_path))
    server.environment["PULSE_SERVER"] = f"unix:{server.socket}"
    server.start()
    yield server
    server.kill()


@contextmanager
def playing(server: SoundServer) -> Iterator[None]:
    """Half a second of silence and 20 ms of sound, over and over."""
    sound = np.zeros((RATE * 26 // 50, 1), np.float32)
    sound[-RATE // 50 :, 0] = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 50) / RATE)
    command = ["pacat", "--playback", *RAW, "--device=studio", "--latency-msec=20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=server.environment) as player:
        assert player.stdin is not None
        pipe, over = player.stdin, threading.Event()

        def play() -> None:
            try:
                while not over.is_set():
                    pipe.write(sound.tobytes())
            except OSError:  # the server was killed
                pass

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            player.kill()
            thread.join()


class Reference:
    """When another program hears sounds begin, by the same clock."""

    def __init__(self, server: SoundServer) -> None:
        command = ["parec", *RAW, "--device=studio.monitor", "--latency-msec=2"]
        self._recorder = subprocess.Popen(command, stdout=subprocess.PIPE, env=server.environment)
        self.heard_s: list[float] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        while data := self._recorder.stdout.read(4 * 96):
            now = time.monotonic()
            loud = np.flatnonzero(np.abs(np.frombuffer(data, np.float32)) > 0.1)
            if len(loud) and (not self.heard_s or now - self.heard_s[-1] > 0.1):
                self.heard_s.append(now - (96 - loud[0]) / RATE)

    def close(self) -> None:
        self._recorder.kill()
        self._recorder.wait()
        self._thread.join()
        assert self._recorder.stdout is not None
        self._recorder.stdout.close()


def begins_s(blocks: list[Frame]) -> list[float]:
    found: list[float] = []
    for block in blocks:
        loud = np.flatnonzero(np.abs(block.data[:, 0]) > 0.1)
        when = block.pts_ns / 1e9 + (loud[0] / RATE if len(loud) else 0)
        if len(loud) and (not found or when - found[-1] > 0.1):
            found.append(when)
    return found


def read_until(node: Any, done: Any, patience_s: float = 20) -> list[Frame | Gap]:
    deadline, read = time.monotonic() + patience_s, []
    while not done(read) and time.monotonic() < deadline:
        if (item := node.read()) is not None:
            read.append(item)
    return read


@pytest.mark.parametrize("device", ["auto", "pulse:studio.monitor"])
def test_sound_is_told_with_the_time_at_which_it_was_heard(server: SoundServer, device: str) -> None:
    with playing(server):
        reference, ctx = Reference(server), context("live")
        node = built(Microphone, ctx, device=device, fallback="none")
        read = read_until(node, lambda read: len(read) > 300)
        node.teardown()
        reference.close()
    blocks = [item for item in read if isinstance(item, Frame)]
    assert not any(block.discontinuity for block in blocks)
    heard = begins_s(blocks)
    late = [min((each - known for known in reference.heard_s), key=abs) for each in heard[:-1]]
    print(f"{device}: {[round(1000 * each) for each in late]} ms behind parec")
    assert len(late) >= 6
    assert max(map(abs, late)) < IN_STEP_S
    assert ctx.said == []


def test_a_sound_server_that_was_killed_is_heard_again_when_it_is_back(server: SoundServer) -> None:
    ctx = context("live")
    node = built(Microphone, ctx, fallback="none")
    with playing(server):
        before = read_until(node, lambda read: len(read) > 60)
    server.kill()
    read_until(node, lambda read: any(isinstance(item, Gap) for item in read))
    server.start()
    returned_ns = time.monotonic_ns()
    with playing(server):
        after = read_until(node, lambda read: len(begins_s([item for item in read if isinstance(item, Frame)])) > 2)
    node.teardown()
    blocks = [item for item in after if isinstance(item, Frame)]
    print(f"back after {(blocks[0].pts_ns - returned_ns) / 1e9:.2f} s")
    assert begins_s([item for item in before if isinstance(item, Frame)])
    assert blocks[0].discontinuity
    assert sum(block.discontinuity for block in blocks) == 1
    assert blocks[0].pts_ns - returned_ns < 10_000_000_000
    assert all(later.pts_ns == former.pts_ns + BLOCK_NS for former, later in pairwise(blocks))
    assert [said.split(" (")[0] for said in ctx.said] == ["the microphone is gone", "the microphone is back"]
