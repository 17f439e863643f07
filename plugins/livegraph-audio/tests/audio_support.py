"""Sounds that are known exactly, and levels that hear them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from livegraph import Context, Frame
from livegraph_audio.level import Level
from livegraph_audio.spectrum import Samples

RATE = 48_000
BLOCK = 960
"""20 ms."""
PORTS = ("rms", "low", "mid", "high")


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


def level(**params: Any) -> Level:
    """Set up as the runtime does it, every output wired; it follows at once unless told."""
    node = Level(Level.Params(**{"release": 0.0, **params}), Context("level", "offline", NoClock(), wired=PORTS))
    node.setup()
    return node


def sine(
    frequency: float, seconds: float = 0.4, channels: int = 1, amplitude: float = 1.0, rate: int = RATE
) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    tone = amplitude * np.sin(2 * np.pi * frequency * times, dtype=np.float64)
    return np.repeat(tone.astype(np.float32)[:, None], channels, axis=1)


def silence(seconds: float, channels: int = 1) -> Samples:
    return np.zeros((round(seconds * RATE), channels), np.float32)


def blocks(sound: Samples, rate: int = RATE, begin_ns: int = 0, size: int = BLOCK) -> Iterator[Frame]:
    for begin in range(0, len(sound), size):
        part = sound[begin : begin + size]
        pts_ns = begin_ns + begin * 1_000_000_000 // rate
        yield Frame(pts_ns, 0, len(part) * 1_000_000_000 // rate, data=part, meta={"rate": rate})


async def heard(node: Level, sound: Samples, **how: Any) -> list[dict[str, float]]:
    """What it says of each block."""
    said = [await node.process(block) for block in blocks(sound, **how)]
    return [dict(each) for each in said if each is not None]


def share(db: float, floor_db: float = -60.0) -> float:
    return min(max(1 - db / floor_db, 0.0), 1.0)
