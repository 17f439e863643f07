"""How long the receiving loop is busy with one packet, at worst: `python stall.py`. CPU time of its thread, in ms."""

from __future__ import annotations

import asyncio
import struct
import time
from concurrent.futures import Future
from typing import Any

from livegraph import Knob
from livegraph_osc.board import Board
from livegraph_osc.client import Client
from livegraph_osc.codec import BUNDLE, LARGEST, MOST_ELEMENTS, write
from livegraph_osc.commands import Commands
from livegraph_osc.feedback import Feedback
from livegraph_osc.places import Places
from livegraph_osc.receive import Receiver

TRIES = 20


class Deaf:
    """A door that costs nothing."""

    def __init__(self) -> None:
        self.knobs = {
            f"n{n}.p{p}": Knob(f"n{n}.p{p}", f"n{n}", f"p{p}", "number", 0.0, 0, 1)
            for n in range(20)
            for p in range(15)
        }

    def set(self, values: Any, client: str, over_s: float, curve: str) -> Future[int]:
        return Future()

    def refuse(self, reason: str) -> None:
        pass


def bundle(*elements: bytes) -> bytes:
    return BUNDLE + struct.pack(">Q", 1) + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def nested(depth: int) -> bytes:
    return bundle(nested(depth - 1)) if depth else write("/livegraph/n0/p0", 1)


def packets(number: int) -> dict[str, bytes]:
    """Each try has patterns that were never seen before."""
    tail = f"{number:03}"
    stars = "*p" * 18 + tail
    return {
        "one value": write("/livegraph/n0/p0", 0.5),
        "18 stars": write(f"/livegraph/*/{stars}", 0.5),
        "120 stars": write(f"/livegraph/{'*n' * 55}/{'*p' * 55}{tail}", 0.5),
        "8 groups": write(f"/livegraph/*/{'*{p,pp,ppp,q}' * 8}{tail}", 0.5),
        "a pattern for all": write(f"/livegraph/*/*{'?' * (number % 2)}", 0.5),
        "a text of 60 kB": write("/livegraph/n0/p0", "x" * 60_000),
        "a bundle of 256": bundle(*[write(f"/livegraph/n{n % 20}/p{n % 15}", 0.5) for n in range(MOST_ELEMENTS)]),
        "a bundle of 16 patterns": bundle(*[write(f"/livegraph/*/*p*{n}*{tail}", 0.5) for n in range(16)]),
        "a bundle of 8,000": bundle(*[write("/a")] * 8_000)[:LARGEST],
        "1,000 bundles deep": nested(900),
        "noise": b"/" + bytes(range(256)) * 200,
    }


def main() -> None:
    loop = asyncio.new_event_loop()
    door: Any = Deaf()
    places = Places(door.knobs)
    feedback = Feedback(places, lambda: None)
    receiver = Receiver(door, Commands(door, places, feedback, Board(()), time.monotonic), feedback, loop)
    client = Client("somebody", lambda packet: None)
    worst: dict[str, float] = {}
    for number in range(TRIES):
        for name, packet in packets(number).items():
            began = time.thread_time()
            receiver.packet(packet, client)
            worst[name] = max(worst.get(name, 0.0), (time.thread_time() - began) * 1000)
    for name, took_ms in worst.items():
        print(f"{took_ms:8.2f}  {name}")  # noqa: T201
    loop.close()


if __name__ == "__main__":
    main()
