"""What no page sends over a WebSocket, and pictures that no camera takes."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from attack_support import MOST_S, held_by, longest, say, upgraded
from PIL import Image
from server_support import SCENE, Play, Show, held, until
from websockets.sync.client import ClientConnection, connect

from livegraph_server.sockets import SCANS, _wrong

CHAIN = {
    "people": {"use": "web.socket_in", "params": {"users": 2}},
    "size": {"use": "vision.resize", "in": "people", "params": {"size": "64x48"}},
    "ink": {"use": "vision.canny", "in": "size"},
    "back": {"use": "web.socket_out", "in": "ink"},
    "raw": {"use": "web.mjpeg", "in": "people"},
    "scene": SCENE,
    "out": {"use": "web.socket_out", "in": "scene"},
}


def drawn(size: tuple[int, int] = (64, 48), mode: str = "RGB", **how: Any) -> bytes:
    noise = np.random.default_rng(1).random((size[1], size[0], 3)) * 255
    written = io.BytesIO()
    Image.fromarray(noise.astype(np.uint8)).convert(mode).save(written, "JPEG", **how)
    return written.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A JPEG whose head (SOF0) says that it is larger than it is."""
    jpeg = drawn()
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[at + 4 :]


def rotated() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    return exif


FINE = {
    "progressive": drawn(progressive=True),
    "cmyk": drawn(mode="CMYK"),
    "grey": drawn(mode="L"),
    "rotated": drawn(exif=rotated()),
    "one pixel": drawn((1, 1)),
    "one column": drawn((1, 300)),
    "odd": drawn((33, 17), subsampling=1),
}
WRONG = {
    "65535x65535": claiming(65_535, 65_535),
    "too wide": claiming(4_097, 16),
    "no size": claiming(0, 0),
    "empty": b"",
    "a png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "half a head": drawn()[:100],
    "full of blanks": drawn()[:2] + b"\xff" * 1_000_000,
    "full of comments": drawn()[:2] + b"\xff\xfe\x00\x02" * 250_000,
}


@contextmanager
def joined(show: Show, node: str = "people") -> Iterator[ClientConnection]:
    with connect(f"{show.server.address.replace('http', 'ws', 1)}/socket/{node}", proxy=None, max_queue=None) as made:
        yield made


def answered(made: ClientConnection, within_s: float = 10) -> str:
    """What the next picture that was sent came to."""
    ends_s = time.monotonic() + within_s
    while time.monotonic() < ends_s:
        said = made.recv(timeout=within_s)
        if isinstance(said, str) and (kind := json.loads(said)["type"]) not in ("stats", "config.current"):
            return str(kind)
    raise AssertionError("nothing came")


def test_every_kind_of_jpeg_goes_through_and_what_is_none_harms_nothing(play: Play) -> None:
    show = play(CHAIN)
    with longest(show.server.loop) as found, joined(show) as made:
        for name, jpeg in FINE.items():
            made.send(jpeg)
            assert answered(made) == "frame.processed", name
        for name, jpeg in WRONG.items():
            made.send(jpeg)
            assert answered(made) == "error", name
        made.send(drawn())
        assert answered(made) == "frame.processed"
    assert found.cpu_s < MOST_S, found
    assert show.run.health == "running"


def test_a_picture_with_many_scans_is_not_decoded() -> None:
    """33 bytes each, and each goes over the whole picture: 8 MiB of them would keep a decoder busy for an hour."""
    jpeg = drawn((64, 48), progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    assert _wrong(jpeg) == ""
    assert "scans" in _wrong(jpeg[:last] + jpeg[last:-2] * SCANS + b"\xff\xd9")


def test_damaged_pictures_end_with_who_sent_them(play: Play) -> None:
    """A node that failed upon one would be down for the others, too."""
    chance, show = random.Random(1), play(CHAIN)
    with longest(show.server.loop) as found, joined(show) as made:
        for _ in range(400):
            made.send(damaged(chance, bytearray(chance.choice(list(FINE.values())))))
            with suppress(TimeoutError):
                while True:
                    made.recv(timeout=0.001)
        made.send(drawn())
        until(lambda: answered(made) == "frame.processed")
    assert found.cpu_s < MOST_S, found
    nodes = show.run.ask(show.run.stats).result(5)["nodes"]
    assert [name for name, node in nodes.items() if node["errors"] or node["restarts"]] == []


def damaged(chance: random.Random, jpeg: bytearray) -> bytes:
    for _ in range(chance.choice([1, 1, 3, 10])):
        at = chance.randrange(len(jpeg))
        match chance.randrange(3):
            case 0:
                jpeg[at] = chance.randrange(256)
            case 1:
                jpeg[at:at] = chance.randbytes(20)
            case _ if len(jpeg) > 100:
                del jpeg[at : at + 50]
    return bytes(jpeg)


TEXTS = ["", "{", "[]", '{"type": "stats"}', "\0", "é" * 10_000, '{"type":' * 5_000]


def test_texts_of_any_kind_are_answered_and_lead_to_nothing(play: Play) -> None:
    show = play(CHAIN)
    with longest(show.server.loop) as found, joined(show) as made, joined(show, "out") as watching:
        for text in TEXTS:
            made.send(text)
            assert answered(made) == "error"
            watching.send(text)
        until(lambda: answered(watching) == "error")
        until(lambda: answered(watching) == "frame")
    assert found.cpu_s < MOST_S, found


def test_a_message_that_is_too_large_ends_its_connection_alone(play: Play) -> None:
    """By what its head says, before any of it is there."""
    show = play(CHAIN)
    before = held_by(show.server)
    with joined(show) as other:
        with upgraded(show.server.address, "people") as made:
            heard = say(made, b"\x82\xff" + ((8 << 20) + 1).to_bytes(8, "big") + bytes(4))
        assert b"\x88" in heard and (1009).to_bytes(2, "big") in heard.rpartition(b"\x88")[2]
        other.send(drawn())
        assert answered(other) == "frame.processed"
    until(lambda: held_by(show.server) == before)


def test_bytes_that_are_no_frames_end_their_connection(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    chance, show = random.Random(1), play(CHAIN)
    before = held_by(show.server)
    with longest(show.server.loop) as found:
        for _ in range(60):
            with upgraded(show.server.address, "out") as made, suppress(OSError):
                made.sendall(chance.randbytes(chance.randrange(1, 400)))
                if chance.random() < 0.5:
                    made.recv(1 << 16)
    assert found.cpu_s < MOST_S, found
    until(lambda: held_by(show.server) == before)
    assert not caplog.records


def test_who_reads_nothing_holds_up_nobody_and_piles_up_nothing(play: Play) -> None:
    show = play(CHAIN)
    with joined(show, "out") as reads, ExitStack() as others:
        for _ in range(5):
            others.enter_context(upgraded(show.server.address, "out"))
        channel = show.server.sockets.channel("out")
        start = channel.newest()
        until(lambda: answered(reads) == "frame" and channel.newest() > start + 25, 20)
        assert max(held(show)) < 1 << 20
    until(lambda: channel._waiting == 0)
