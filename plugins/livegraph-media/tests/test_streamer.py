"""Streams to a server of our own: television (MPEG-TS) over TCP, which needs nothing installed."""

import contextlib
import io
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from film_support import clicking, heard
from media_support import RealClock, built, context, numbered

from livegraph import Frame, InputError, NodeError
from livegraph_media import read_frame_number, streamer
from livegraph_media.planes import yuv420p_of
from livegraph_media.stream import Rtmp, Rtsp, Srt
from livegraph_media.streamer import Rate, Streamer
from livegraph_media.target import Target

PERIOD = 40_000_000
RNG = np.random.default_rng(0)


class Television:
    """Keeps what it receives, a byte string for each connection; `reading` may pause, `close` drops everybody."""

    def __init__(self) -> None:
        self.received: list[bytearray] = []
        self.reading = threading.Event()
        self.reading.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        opened, self._open = self._open, []
        for each in opened:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def again(self) -> None:
        """Listen at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open.append(self._listener)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def numbers(self, connection: int) -> list[int | None]:
        """The frame numbers that a connection brought."""
        with av.open(io.BytesIO(self.received[connection]), format="mpegts") as video:
            return [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                self._open.append(peer)
                self.received.append(bytearray())
                threading.Thread(target=self._read, args=(peer, self.received[-1]), daemon=True).start()

    def _read(self, peer: socket.socket, into: bytearray) -> None:
        with contextlib.suppress(OSError):
            while self.reading.wait() and (data := peer.recv(65536)):
                into += data


@pytest.fixture
def television() -> Iterator[Television]:
    server = Television()
    yield server
    server.reading.set()
    server.close()


class Show:
    """Feeds a streamer 25 numbered pictures a second, and keeps how long it was held up at most."""

    def __init__(self, port: int, noisy: bool = False) -> None:
        """`noisy`: some MB a second, which fill every buffer soon."""
        self.said: list[str] = []
        self.slowest_s = 0.0
        self.number = 0
        self._noisy = noisy
        target = Target(f"tcp://127.0.0.1:{port}", "mpegts", {"flush_packets": "1"}, "the television")
        self.streamer = Streamer(
            target, Rate("ultrafast", 100_000 if noisy else 500, 2.0), 25.0, self.said.append, RealClock().now_ns
        )

    def play(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        begin, first = time.monotonic(), self.number
        while self.number - first < seconds * 25 and not until():
            picture = RNG.integers(0, 255, (480, 640, 3), np.uint8) if self._noisy else numbered(self.number)
            called = time.monotonic()
            self.streamer.add(Frame(self.number * PERIOD, self.number, PERIOD, 0, picture))
            self.slowest_s = max(self.slowest_s, time.monotonic() - called)
            self.number += 1
            time.sleep(max(0.0, begin + (self.number - first) / 25 - time.monotonic()))

    def until_live(self, live: bool = True) -> None:
        self.play(20, until=lambda: (self.streamer.status()["state"] == "live") == live)
        assert (self.streamer.status()["state"] == "live") == live, self.said


def test_every_picture_arrives_once_the_server_is_reached(television: Television) -> None:
    show = Show(television.port)
    show.until_live()
    show.play(2)
    status = show.streamer.status()
    show.streamer.finish()
    time.sleep(0.2)
    numbers = television.numbers(0)
    assert numbers == list(range(numbers[0], show.number))
    assert show.said == ["sending to the television"]
    assert (status["state"], status["reconnects"]) == ("live", 0)
    assert status["dropped"] == numbers[0]
    assert status["bytes"] > 5_000
    assert status["kbit_per_s"] > 10


def test_there_is_a_silent_track(television: Television) -> None:
    show = Show(television.port)
    show.until_live()
    show.play(2)
    show.streamer.finish()
    time.sleep(0.2)
    with av.open(io.BytesIO(television.received[0]), format="mpegts") as video:
        sound = list(video.decode(audio=0))
    assert {frame.sample_rate for frame in sound} == {48_000}
    assert sum(frame.samples for frame in sound) / 48_000 == pytest.approx(2, abs=0.5)
    assert max(abs(frame.to_ndarray()).max() for frame in sound) < 1e-4


def test_a_server_that_goes_and_comes_back_gets_pictures_from_a_keyframe_on(television: Television) -> None:
    show = Show(television.port)
    show.until_live()
    show.play(1.5)
    television.close()
    show.until_live(False)
    show.play(2)
    away = show.number
    television.again()
    show.until_live()
    show.play(1.5)
    status = show.streamer.status()
    show.streamer.finish()
    time.sleep(0.2)
    numbers = television.numbers(len(television.received) - 1)
    assert numbers == list(range(numbers[0], show.number))
    assert numbers[0] >= away
    assert numbers[0] - away < 25 * 2.5
    assert status["reconnects"] == 1
    assert status["dropped"] >= 50
    assert show.slowest_s < 0.2
    assert [line.split(" (")[0].split(" after")[0] for line in show.said] == [
        "sending to the television",
        "the television is gone",
        "the television is back",
    ]


def test_a_server_that_stops_reading_holds_nothing_up(television: Television, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "PATIENCE_S", 1.0)
    show = Show(television.port, noisy=True)
    show.until_live()
    show.play(1.5)
    television.reading.clear()
    show.until_live(False)
    assert "the television is gone (no answer for 1 s)" in show.said[-1]
    begun = time.monotonic()
    show.streamer.finish()
    assert time.monotonic() - begun < 3.5
    assert show.slowest_s < 0.2


def test_the_end_waits_for_no_server_that_has_stopped_reading(television: Television) -> None:
    show = Show(television.port, noisy=True)
    show.until_live()
    television.reading.clear()
    show.play(3)
    begun = time.monotonic()
    show.streamer.finish()
    assert time.monotonic() - begun < 3.5
    assert show.slowest_s < 0.2


def test_a_relay_that_is_killed_is_replaced(television: Television) -> None:
    show = Show(television.port)
    show.until_live()
    show.play(1.5)
    os.kill(show.streamer._sender._relay._child.pid, signal.SIGKILL)
    show.until_live(False)
    show.until_live()
    show.streamer.finish()
    assert "the television is gone (the process that sends ended with -9)" in show.said[1]


def test_without_pictures_there_is_nothing_to_send() -> None:
    show = Show(9)
    begun = time.monotonic()
    show.streamer.finish()
    assert time.monotonic() - begun < 3
    assert show.said == []


def test_a_server_that_refuses_is_said_once_without_the_key() -> None:
    ctx = context("live", fps_hint=25.0)
    node = built(Rtmp, ctx, url="rtmp://127.0.0.1:9/live/s3cret")
    node.warm_up()
    for number in range(60):
        node.process(video=Frame(number * PERIOD, number, PERIOD, 0, numbered(number)))
        time.sleep(0.04)
    status = node.status()
    node.teardown()
    assert ctx.said == [
        "no connection to rtmp://127.0.0.1:9/live/*** (Connection refused): it is tried again, "
        "and pictures are dropped meanwhile"
    ]
    assert (status["state"], status["reason"], status["dropped"]) == ("connecting", "Connection refused", 60)
    assert "s3cret" not in repr(status)


@pytest.mark.parametrize("node", [Rtmp, Rtsp, Srt])
def test_servers_get_no_film_at_the_pace_of_the_machine(node: type) -> None:
    with pytest.raises(InputError, match="live: true"):
        built(node, context("offline"), url="rtmp://127.0.0.1/live/key")


def test_where_srt_is_missing_it_is_said_what_to_do() -> None:
    reason = Srt.unavailable(Srt.Params(url="srt://host:9000"))
    with contextlib.suppress(av.error.ProtocolNotFoundError, OSError):
        av.open("srt:", "r")
        assert reason is None
        return
    if reason is not None:
        assert "no SRT" in reason
        assert "pip install" in reason


def test_what_is_not_a_picture_is_refused() -> None:
    node = built(Rtmp, context("live"), url="rtmp://127.0.0.1:9/live/key")
    try:
        with pytest.raises(NodeError, match="no picture"):
            node.process(video=Frame(0, 0, PERIOD, 0, "text"))
    finally:
        node.teardown()


def test_the_sound_arrives_in_step(television: Television, tmp_path: Path) -> None:
    """A flash and a click each second; the sound is half a second ahead, as beside a model that takes as long."""
    target = Target(f"tcp://127.0.0.1:{television.port}", "mpegts", {"flush_packets": "1"}, "the television")
    streamer = Streamer(target, Rate("ultrafast", 500, 1.0), 25.0, print, RealClock().now_ns, sound=True)
    sound, begin = clicking(8, 48_000, 2, range(8)), time.monotonic()
    for index in range(8 * 25 + 12):
        if index < 8 * 25:
            block = sound[index * 1920 : (index + 1) * 1920]
            streamer.add_sound(Frame(index * PERIOD, data=block, meta={"rate": 48_000}))
        if (number := index - 12) >= 0:
            picture = np.full((48, 64, 3), 16 if number % 25 else 255, np.uint8)
            streamer.add(Frame(number * PERIOD, number, PERIOD, 0, picture))
        time.sleep(max(0.0, begin + index / 25 - time.monotonic()))
    streamer.finish()
    time.sleep(0.2)
    path = tmp_path / "x.ts"
    path.write_bytes(television.received[0])
    white, clicks, _ = heard(path)
    assert len(clicks) >= 5
    assert all(min(abs(click - flash) for flash in white) < 1024 / 48_000 for click in clicks)
