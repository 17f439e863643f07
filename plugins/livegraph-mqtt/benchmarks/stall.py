"""How long the receiving loop is busy with one hostile payload, at worst: `python stall.py`. CPU time of its thread, in
ms, beside the bar; exits with 1 where it is missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar, cast

from livegraph import Door, Knob
from livegraph.runtime.garbage import Garbage
from livegraph_mqtt.board import Board
from livegraph_mqtt.commands import Commands
from livegraph_mqtt.payload import LONGEST
from livegraph_mqtt.topics import Topics

TRIES, BAR_MS = 20, 20.0
SIGNAL = ".".join("a" * 16)


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
    } | {"n0.list": Knob("n0.list", "n0", "list", "other", None), "n0.text": Knob("n0.text", "n0", "text", "text", "")}

    def transact(self, requests: Sequence[object]) -> list[int]:
        return [1] * len(requests)

    def reset(self, addresses: Sequence[str], *, origin: str) -> int:
        return 1

    def preset(self, name: str, **how: object) -> int:
        return 1


def messages(number: int) -> dict[str, tuple[str, bytes]]:
    """What each try has in it that was never seen before is its number."""
    half, tail = LONGEST // 2 - 10, f"{number:03}"
    return {
        "one value": ("b/n0/p0/set", b"0.5"),
        "NaN": ("b/n0/p0/set", b"nan"),
        "infinity": ("b/n0/p0/set", b"-Infinity"),
        "no UTF-8": ("b/n0/p0/set", b"\xff" * LONGEST),
        "a megabyte": ("b/n0/p0/set", b"9" * 1_000_000),
        "64 kB of digits": ("b/n0/p0/set", b"9" * LONGEST),
        "64 kB of digits in JSON": ("b/n0/list/set", b"9" * LONGEST),
        "numbers in JSON": ("b/n0/list/set", b"[" + b"1.5," * (LONGEST // 4 - 2) + b"1]"),
        "64 kB of text": ("b/n0/text/set", b"x" * LONGEST),
        "deep JSON": ("b/n0/list/set", b"[" * LONGEST),
        "deep objects": ("b/set", b'{"a":' * (LONGEST // 5)),
        "escapes without an end": ("b/set", b'"' + b'\\"' * half),
        "quotes": ("b/set", b'"' * LONGEST),
        "brackets in a text": ("b/set", b'"' + b"[" * half + b'"'),
        "a transaction of all": ("b/set", json.dumps(dict.fromkeys(Held.knobs, 0.5)).encode()),
        "a transaction of strangers": ("b/set", json.dumps({f"n1.q{n}{tail}": 1 for n in range(3_000)}).encode()),
        "a long name that is not there": ("b/set", json.dumps({f"n1.{'p' * 60_000}{tail}": 1}).encode()),
        "a preset's name of 64 kB": ("b/preset/set", b"p" * LONGEST),
        "a topic of 60 kB": (f"b/{'x' * 60_000}/set", b"1"),
        "a signal, deep": ("hall", b'{"a":' * 16 + b"1" + b"}" * 16),
        "a signal of 64 kB": ("hall", b"[" + b"{}," * (LONGEST // 3 - 2) + b"1]"),
    }


def main() -> None:
    held, run = cast(Any, Held()), Loop()
    door = Door("mqtt", held, run)
    commands = Commands(door, Topics("b", door.knobs), Board([("hall", SIGNAL)]), lambda addresses: None)
    worst: dict[str, float] = {}
    for number in range(TRIES):
        for name, (topic, payload) in messages(number).items():
            began = time.thread_time()
            commands.take(topic, payload, False)
            worst[name] = max(worst.get(name, 0.0), (time.thread_time() - began) * 1000)
            run.turn()
    for name, took_ms in sorted(worst.items(), key=lambda each: -each[1]):
        sys.stdout.write(f"{took_ms:8.2f}  {'' if took_ms <= BAR_MS else 'MISSED  '}{name}\n")
    sys.stdout.write(f"{BAR_MS:8.2f}  the bar; refused: {dict(door.refused)}\n")
    raise SystemExit(max(worst.values()) > BAR_MS)


if __name__ == "__main__":
    with Garbage() as garbage:  # as in a show
        garbage.settle()
        main()
