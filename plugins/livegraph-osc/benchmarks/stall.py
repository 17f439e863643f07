"""How long the receiving loop is busy with one hostile packet, at worst: `python stall.py`. CPU time of its thread, in
ms, beside the bar; exits with 1 where it is missed.
"""

from __future__ import annotations

import asyncio
import math
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar, cast

from livegraph import Door, Knob
from livegraph.runtime.garbage import Garbage
from livegraph_osc.board import Board
from livegraph_osc.client import Client
from livegraph_osc.codec import BUNDLE, LARGEST, MOST_ELEMENTS, write
from livegraph_osc.commands import Commands
from livegraph_osc.feedback import Feedback
from livegraph_osc.places import Places
from livegraph_osc.receive import Receiver
from livegraph_osc.timetags import NTP_TO_UNIX_S

TRIES, BAR_MS = 20, 20.0


class Loop:
    """A run's loop that is called by hand, outside of what is measured."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], Any]] = []

    def ask(self, function: Callable[[], Any]) -> Future[Any]:
        self._waiting.append(function)
        return Future()

    def later(self, seconds: float, function: Callable[[], Any]) -> None:
        self._waiting.append(function)

    def turn(self) -> None:
        while self._waiting:
            self._waiting.pop()()


class Held:
    """A bus as a door sees it, with as many knobs as a large graph has; it takes all."""

    knobs: ClassVar = {
        f"n{n}.p{p}": Knob(f"n{n}.p{p}", f"n{n}", f"p{p}", "number", 0.0, 0, 1) for n in range(20) for p in range(15)
    }

    def transact(self, requests: Sequence[object]) -> list[int]:
        return [1] * len(requests)

    def reset(self, addresses: Sequence[str], *, origin: str) -> int:
        return 1

    def preset(self, name: str, **how: object) -> int:
        return 1


def bundle(*elements: bytes, timetag: int = 1) -> bytes:
    return BUNDLE + struct.pack(">Q", timetag) + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def nested(depth: int) -> bytes:
    return bundle(nested(depth - 1)) if depth else write("/livegraph/n0/p0", 1)


def ahead(seconds: float) -> int:
    return round((time.time() + seconds + NTP_TO_UNIX_S) * (1 << 32))


def packets(number: int) -> dict[str, bytes]:
    """Each try has patterns that were never seen before."""
    tail = f"{number:03}"
    stars = "*p" * 18 + tail
    return {
        "one value": write("/livegraph/n0/p0", 0.5),
        "NaN": write("/livegraph/n0/p0", math.nan),
        "infinity": write("/livegraph/n0/p0", math.inf),
        "a wrong type": write("/livegraph/n0/p0", "loud"),
        "no UTF-8": b"/livegraph/n0/p0\x00\x00\x00\x00,s\x00\x00\xff\xfe\x00\x00",
        "nothing is there": write(f"/livegraph/nobody/{tail}", 0.5),
        "a long name that is not there": write("/livegraph/reset", f"n1.{'p' * 10_000}{tail}"),
        "64 names that are near": write("/livegraph/reset", *[f"n{n % 20}.p{tail}" for n in range(64)]),
        "18 stars": write(f"/livegraph/*/{stars}", 0.5),
        "120 stars": write(f"/livegraph/{'*n' * 55}/{'*p' * 55}{tail}", 0.5),
        "8 groups": write(f"/livegraph/*/{'*{p,pp,ppp,q}' * 8}{tail}", 0.5),
        "a pattern for all": write(f"/livegraph/*/*{'?' * (number % 2)}", 0.5),
        "a text of 60 kB": write("/livegraph/n0/p0", "x" * 60_000),
        "a bundle of 256": bundle(*[write(f"/livegraph/n{n % 20}/p{n % 15}", 0.5) for n in range(MOST_ELEMENTS)]),
        "a bundle of 16 patterns": bundle(*[write(f"/livegraph/*/*p*{n}*{tail}", 0.5) for n in range(16)]),
        "a bundle of 8,000": bundle(*[write("/a")] * 8_000)[:LARGEST],
        "1,000 bundles deep": nested(900),
        "a timetag a year ahead": bundle(write("/livegraph/n0/p0", 0.5), timetag=ahead(365 * 86_400)),
        "255 timetags": bundle(*[bundle(write("/a"), timetag=ahead(5) + n) for n in range(127)], timetag=ahead(4)),
        "all values": write("/livegraph/*/*"),
        "noise": b"/" + bytes(range(256)) * 200,
    }


def main() -> None:
    loop = asyncio.new_event_loop()
    held, run = cast(Any, Held()), Loop()
    door = Door("osc", held, run)
    places = Places(door.knobs)
    feedback = Feedback(places, lambda: None)
    feedback.begin(dict.fromkeys(door.knobs, 0.0))
    receiver = Receiver(door, Commands(door, places, feedback, Board(()), time.monotonic), feedback, loop)
    client = Client("somebody:1", lambda packet: None)
    worst: dict[str, float] = {}
    for number in range(TRIES):
        for name, packet in packets(number).items():
            began = time.thread_time()
            receiver.packet(packet, client)
            worst[name] = max(worst.get(name, 0.0), (time.thread_time() - began) * 1000)
            run.turn()
    receiver.close()
    loop.close()
    for name, took_ms in sorted(worst.items(), key=lambda each: -each[1]):
        print(f"{took_ms:8.2f}  {'' if took_ms <= BAR_MS else 'MISSED  '}{name}")  # noqa: T201
    print(f"{BAR_MS:8.2f}  the bar; refused: {dict(door.refused)}")  # noqa: T201
    raise SystemExit(max(worst.values()) > BAR_MS)


if __name__ == "__main__":
    with Garbage() as garbage:  # as in a show
        garbage.settle()
        main()
