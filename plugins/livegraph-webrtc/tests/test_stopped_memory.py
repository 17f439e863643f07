"""Viewers whose processes are stopped cost the server no memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from json import dumps, loads
from pathlib import Path

import httpx
import pytest
from hostile_support import Counted, counted

NODES = {
    "scene": {"use": "media.pattern", "params": {"size": "640x360", "fps": 30}},
    "out": {"use": "webrtc.out", "in": "scene"},
}
SDP = {"content-type": "application/sdp"}
STOPPED_S = 20.0
"""Less than the 30 s after which they would be let go; at 4 Mb/s, ten megabytes for each."""


@contextmanager
def watcher(show: Counted) -> Iterator[subprocess.Popen[str]]:
    """Somebody in a process of their own, who has seen something."""
    command = [sys.executable, str(Path(__file__).with_name("lone_watcher.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        offer = loads(process.stdout.readline())
        answer = httpx.post(f"{show.address}/whep/out", content=offer, headers=SDP, trust_env=False)
        process.stdin.write(dumps(answer.text) + "\n")
        process.stdin.flush()
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.soak
def test_memory_stays_while_viewers_are_stopped() -> None:
    with counted(NODES) as show, ExitStack() as processes:
        watchers = [processes.enter_context(watcher(show)) for _ in range(5)]
        time.sleep(5)
        for process in watchers:
            process.send_signal(signal.SIGSTOP)
        time.sleep(5)
        before = show.counts()
        time.sleep(STOPPED_S - 5)
        after = show.counts()
        print(f"5 stopped for {STOPPED_S:g} s: RSS {before['rss'] >> 10} -> {after['rss'] >> 10} KiB")
        assert len(after["nodes"]["out"]["connections"]) == 5
        assert all(connection["silent"] for connection in after["nodes"]["out"]["connections"])
        assert after["rss"] <= 1.02 * before["rss"] and after["fds"] == before["fds"]
