"""`core.envelope`: attack, decay, sustain and release, as of a synthesiser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from livegraph.declare import In, Out
from livegraph.node import Function
from livegraph.params import Param, Params
from livegraph.types import Signal

Stage = Literal["attack", "decay", "release"]

OPEN = 0.5
"""From here on `trigger` holds the gate open."""
PERIODS = 64
"""Of a longer time that nobody looked at, what came before these has no say any more."""


class Envelope(Function):
    """Rise when the gate opens, fall to `sustain` and stay, and fall to `low` when it closes, in straight lines.

    The gate is open while `gate` is true, `trigger` is 0.5 or more, or for the first `length` of each `every` seconds
    of stream time. A gate that opens anew rises from where it is.
    """

    trigger: In[Signal] = In(optional=True, doc="opens the gate from 0.5 on")
    out: Out[Signal]
    gate: bool = Param(False, live=True, doc="whether the gate is open")
    every: float = Param(0.0, ge=0, le=3600, live=True, unit="s", doc="opens the gate again and again; 0: does not")
    length: float = Param(0.1, ge=0, le=3600, live=True, unit="s", doc="for how long, where `every` is not 0")
    attack: float = Param(0.05, ge=0, le=3600, live=True, unit="s", doc="from `low` to `high`")
    decay: float = Param(0.2, ge=0, le=3600, live=True, unit="s", doc="from `high` to the sustained level")
    sustain: float = Param(0.5, ge=0, le=1, live=True, doc="what stays while the gate is open, as a share")
    release: float = Param(0.5, ge=0, le=3600, live=True, unit="s", doc="from `high` to `low`; from less it takes less")
    low: float = Param(0.0, live=True, doc="the value at rest")
    high: float = Param(1.0, live=True, doc="the value at the top")

    _level = 0.0
    _stage: Stage = "release"
    _pts_ns = 0
    _held: Params | None = None
    """What has held since `_pts_ns`; so has `_triggered`."""
    _triggered = False

    def at(self, pts_ns: int, trigger: float | None = None) -> float:
        """What held up to now is lived through; then what holds from now on turns the gate."""
        if self._held is None:
            self._held, self._pts_ns = self.params, min(0, pts_ns)
            self._turn(self.params, self._pts_ns)
        self._live_through(self._held, pts_ns)
        self._pts_ns = pts_ns
        self._held, self._triggered = self.params, trigger is not None and trigger >= OPEN
        self._turn(self.params, pts_ns)
        return float(self.params.low + (self.params.high - self.params.low) * self._level)

    def reset(self) -> None:
        self._level, self._stage, self._triggered = 0.0, "release", False

    def _live_through(self, params: Any, until_ns: int) -> None:
        """From `_pts_ns` on, the gate's own openings and closings on the way."""
        begin_ns = self._pts_ns
        for edge_ns in _edges(params, begin_ns, until_ns):
            self._move(params, (edge_ns - begin_ns) / 1e9)
            self._turn(params, edge_ns)
            begin_ns = edge_ns
        self._move(params, (until_ns - begin_ns) / 1e9)

    def _turn(self, params: Any, pts_ns: int) -> None:
        is_open = params.gate or self._triggered or _is_in_length(params, pts_ns)
        if is_open and self._stage == "release":
            self._stage = "attack"
        elif not is_open:
            self._stage = "release"

    def _move(self, params: Any, seconds: float) -> None:
        """Along the lines for so long, while the gate stays as it is."""
        if self._stage == "attack":
            needed = (1 - self._level) * params.attack
            if seconds < needed:
                self._level += seconds / params.attack
                return
            self._level, self._stage, seconds = 1.0, "decay", seconds - needed
        if self._stage == "decay":
            fallen = seconds / params.decay * (1 - params.sustain) if params.decay else 1.0
            self._level = max(params.sustain, self._level - fallen)
        else:
            self._level = max(0.0, self._level - seconds / params.release) if params.release else 0.0


def _is_in_length(params: Any, pts_ns: int) -> bool:
    every_ns = round(params.every * 1e9)
    return bool(every_ns > 0 and pts_ns % every_ns < round(params.length * 1e9))


def _edges(params: Any, begin_ns: int, end_ns: int) -> Iterator[int]:
    """When the gate opens or closes by itself, after the one time and up to the other."""
    every_ns, length_ns = round(params.every * 1e9), round(params.length * 1e9)
    if every_ns <= 0 or not 0 < length_ns < every_ns:
        return
    first = max(begin_ns // every_ns, end_ns // every_ns - PERIODS)
    for turn in range(first, end_ns // every_ns + 1):
        for edge_ns in (turn * every_ns, turn * every_ns + length_ns):
            if begin_ns < edge_ns <= end_ns:
                yield edge_ns
