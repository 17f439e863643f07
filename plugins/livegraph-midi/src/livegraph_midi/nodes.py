"""The surface, the MIDI clock and Ableton Link as signals. The run's `midi` controller has them all, and is started
with its defaults where the graph does not name it.

Live by nature: an offline run does not repeat them.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from livegraph import Function, Out, Param, Signal
from livegraph_midi.clock import Time, phase
from livegraph_midi.place import place_of
from livegraph_midi.surface import Surface

Give = Literal["phase", "bar", "beat", "tempo"]
GIVE = "phase: 0..1 in each beat; bar: 0..1 in each bar; beat: how many; tempo: beats a minute"


def _a_place(text: str) -> str:
    place_of(text)
    return text


class Reader(Function):
    """What it reads is the newest, whatever the pts."""

    def setup(self) -> None:
        midi: Any = self.ctx.service("midi")
        self._surface: Surface = midi.surface


class MidiSignal(Reader):
    """A knob, note or wheel of a MIDI device, 0..1: a note's velocity while it is down."""

    out: Out[Signal]
    source: Annotated[str, AfterValidator(_a_place)] = Param(
        remote=False, doc="where: cc 1, cc 7/39 ch2, note 36, bend"
    )
    low: float = Param(0.0, live=True, doc="the value at 0")
    high: float = Param(1.0, live=True, doc="the value at 1")
    default: float = Param(0.0, ge=0, le=1, live=True, doc="0..1, until it is moved")

    def setup(self) -> None:
        super().setup()
        self._place = place_of(self.params.source)
        self._surface.watch(self._place)

    def at(self, pts_ns: int) -> float:
        share = self._surface.share(self._place)
        part = self.params.default if share is None else share
        return float(self.params.low + (self.params.high - self.params.low) * part)


def given(give: Give, now: Time | None, beats_per_bar: int) -> float:
    """0 where no clock runs."""
    if give == "tempo":
        return now.tempo if now else 0.0
    if give == "beat":
        return now.beat if now else 0.0
    return phase(now, beats_per_bar if give == "bar" else 1)


class MidiClock(Reader):
    """The MIDI clock that the device sends (24 ticks a beat, start, stop, continue, song position)."""

    out: Out[Signal]
    give: Give = Param("phase", live=True, doc=GIVE)
    beats_per_bar: int = Param(4, ge=1, le=64, live=True, doc="beats of a bar")

    def at(self, pts_ns: int) -> float:
        now = self._surface.clock.time(time.monotonic())
        return given(self.params.give, now, self.params.beats_per_bar)


class MidiLink(Reader):
    """The Ableton Link session that the controller joined (`midi: {link: true}`)."""

    out: Out[Signal]
    give: Give = Param("phase", live=True, doc=GIVE)
    beats_per_bar: int = Param(4, ge=1, le=64, live=True, doc="beats of a bar")

    def at(self, pts_ns: int) -> float:
        link = self._surface.link
        now = link.time(time.monotonic()) if link else None
        return given(self.params.give, now, self.params.beats_per_bar)
