"""The process that talks to servers: what it says of those that do not answer, and when it ends."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.encoder import live_encoding
from livegraph_media.ffmpeg import open_container
from livegraph_media.relay_process import Lost, RelayProcess
from livegraph_media.streamer import PATIENCE_S
from livegraph_media.target import Target, rtmp_target
from livegraph_media.tracks import Tracks
from livegraph_media.wire import CONNECT, Errand


@pytest.fixture(scope="module")
def template() -> bytes:
    """The head of a file with a picture and a sound track."""
    head = io.BytesIO()
    home = open_container(head, "w", format="mp4", options={"movflags": "+empty_moov+default_base_moof"})
    picture = rgb24_to_yuv420p(np.zeros((96, 128, 3), np.uint8))
    Tracks(home, live_encoding("ultrafast", 500, 25.0, (128, 96)), picture, 2_000_000_000)
    return head.getvalue()


@pytest.fixture
def relay() -> Iterator[RelayProcess]:
    relay = RelayProcess()
    yield relay
    relay.kill()
    relay.close()


def errand(target: Target, template: bytes, patience_s: float = PATIENCE_S) -> Errand:
    return Errand(target.url, target.form, target.options, target.hidden, template, patience_s)


def test_a_server_that_is_not_there_can_be_tried_again_and_again(relay: RelayProcess, template: bytes) -> None:
    for _ in range(3):
        with pytest.raises(Lost, match=r"^Connection refused$"):
            relay.connect(errand(rtmp_target("rtmp://127.0.0.1:9/live/s3cret"), template))
    assert relay.alive


def test_a_host_that_nobody_knows_is_named(relay: RelayProcess, template: bytes) -> None:
    with pytest.raises(Lost, match=r"^Failed to resolve hostname nobody\.invalid"):
        relay.connect(errand(rtmp_target("rtmp://nobody.invalid/live/s3cret"), template, 60))


def test_what_is_hidden_of_an_address_is_not_told(relay: RelayProcess, template: bytes) -> None:
    with pytest.raises(Lost, match=r"^Input/output error$"):
        relay.connect(errand(rtmp_target("rtmp://nobody.invalid/live/nobody"), template, 60))


def test_a_server_that_never_answers_ends_the_relay(relay: RelayProcess, template: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = rtmp_target(f"rtmp://127.0.0.1:{silent.getsockname()[1]}/live/s3cret")
        begun = time.monotonic()
        with pytest.raises(Lost, match=r"^no answer for 0\.5 s$"):
            relay.connect(errand(target, template, 0.5))
        assert time.monotonic() - begun < 5
    assert not relay.alive
    with pytest.raises(Lost, match="no answer"):
        relay.send(CONNECT)


ABANDONED = """
import os, signal
from livegraph_media.relay_process import RelayProcess
relay = RelayProcess()
print(relay._child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_relay_ends_with_the_program_that_started_it() -> None:
    killed = subprocess.run([sys.executable, "-c", ABANDONED], capture_output=True, text=True, timeout=60)
    pid, deadline = int(killed.stdout), time.monotonic() + 20
    while _runs(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """As far as `ps` knows; what has ended and waits for its parent does not run."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")
