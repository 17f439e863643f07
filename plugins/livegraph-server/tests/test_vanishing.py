"""Viewers of MJPEG that go away at whatever moment, by hundreds."""

from __future__ import annotations

import random
import socket
import struct
from contextlib import suppress

from attack_support import MOST_S, dial, held_by, longest
from server_support import WATCHED, Play, until

VIEWERS = 200


def test_hundreds_that_vanish_leave_nothing_behind(play: Play) -> None:
    """In the midst of a head, of a picture, before and after; with a word (FIN) or without (RST)."""
    show, chance = play(WATCHED), random.Random(1)
    channel = show.server.pictures.channel("web")
    until(lambda: channel.newest() > 0)
    before = held_by(show.server)
    with longest(show.server.loop) as found:
        for _ in range(VIEWERS // 20):
            viewers = [dial(show.server.address) for _ in range(20)]
            for made in viewers:
                asked = b"GET /mjpeg/web HTTP/1.1\r\nHost: localhost\r\n\r\n"
                made.sendall(asked[: chance.choice([5, len(asked), len(asked), len(asked)])])
            for made in viewers:
                vanish(made, chance)
    until(lambda: channel.viewers == 0 and channel._waiting == 0)
    until(lambda: held_by(show.server) == before)
    assert found.cpu_s < MOST_S, found


def vanish(made: socket.socket, chance: random.Random) -> None:
    made.settimeout(0.02)
    with suppress(TimeoutError):
        made.recv(chance.choice([1, 100, 10_000]))
    if chance.random() < 0.5:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()
