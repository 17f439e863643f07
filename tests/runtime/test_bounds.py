"""A source that says of a port that nothing follows there up to a time, so that a merge need not wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from runtime_support import balanced, graph, play, plugin

from livegraph import EndOfStream, Frame, Gap, In, Out, Param, Sink, Source
from livegraph.runtime.timeline import Timeline
from livegraph.types import AnyPort, Audio

PERIOD_NS = 40_000_000
PICTURES = 100
CAPACITY = 8
"""Of an edge offline, unless it has to grow."""


class Film(Source):
    """A hundred pictures; a block of sound stands before each of the first `sounding`, and a Gap beside the others."""

    paced = True
    picture: Out[AnyPort]
    sound: Out[Audio]
    sounding: int = Param(0, ge=0, doc="blocks")
    back: bool = Param(False, doc="the Gaps fall back, and so say nothing")

    async def setup(self) -> None:
        self._count, self._heard = 0, False

    async def read(self) -> Mapping[str, Frame | Gap] | EndOfStream:
        if self._count == PICTURES:
            return EndOfStream()
        pts = self._count * PERIOD_NS
        if self._count < self.params.sounding and not self._heard:
            self._heard = True
            return {"sound": self.frame(None, pts - 1, PERIOD_NS)}
        self._heard = False
        self._count += 1
        picture = self.frame(self._count, pts, PERIOD_NS)
        if self._count <= self.params.sounding:
            return {"picture": picture}
        return {"picture": picture, "sound": Gap(-pts if self.params.back else pts)}


class Tape(Sink):
    """Takes both in order of time, and keeps how long each picture has waited."""

    picture: In[AnyPort] = In(join="merge")
    sound: In[AnyPort] = In(join="merge", optional=True)
    pictures: ClassVar[list[int]] = []
    waited_ns: ClassVar[list[int]] = []
    sounds: ClassVar[list[int]] = []

    async def setup(self) -> None:
        for kept in (self.pictures, self.waited_ns, self.sounds):
            kept.clear()

    async def process(self, picture: Frame | None, sound: Frame | None) -> None:
        if picture is not None:
            self.pictures.append(picture.data)
            self.waited_ns.append(self.ctx.clock.now_ns() - picture.captured_ns)
        if sound is not None:
            self.sounds.append(sound.pts_ns)


def film(mode: str, **params: Any) -> dict[str, Any]:
    nodes = {
        "src": {"use": "test.film", "params": params},
        "tape": {"use": "test.tape", "in": {"picture": "src.picture", "sound": "src.sound"}},
    }
    return graph(nodes, mode=mode)


@pytest.mark.parametrize("sounding", [0, 30])
@pytest.mark.parametrize("mode", ["live", "offline"])
def test_pictures_pass_a_merge_at_once_though_there_is_no_sound_beside_them(mode: str, sounding: int) -> None:
    _, outcome, _ = play(film(mode, sounding=sounding), None, {}, plugin(film=Film, tape=Tape))
    assert outcome.ok, outcome.error
    assert Tape.pictures == list(range(1, PICTURES + 1))
    assert len(Tape.sounds) == sounding
    high_water = outcome.stats["edges"]["src.picture->tape.picture"]["high_water"]
    assert high_water <= (2 if mode == "live" else CAPACITY)
    assert balanced(outcome)
    if mode == "live":
        assert max(Tape.waited_ns[sounding:]) <= 1_000_000


def test_a_gap_counts_as_no_frame_and_carries_no_ticket() -> None:
    _, outcome, _ = play(film("live"), None, {}, plugin(film=Film, tape=Tape))
    assert outcome.stats["sources"]["src"]["offered"] == PICTURES == outcome.stats["tickets"]["issued"]
    assert outcome.stats["nodes"]["src"]["frames_out"] == PICTURES


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_a_gap_that_does_not_rise_says_nothing(mode: str) -> None:
    _, outcome, _ = play(film(mode, sounding=30, back=True), None, {}, plugin(film=Film, tape=Tape))
    assert outcome.ok, outcome.error
    assert Tape.pictures == list(range(1, PICTURES + 1))
    assert len(Tape.sounds) == 30


class Detector(Source):
    """Pictures, and after each a read that brings nothing but a Gap that is ahead of it."""

    out: Out[AnyPort]

    async def setup(self) -> None:
        self._count = -1

    async def read(self) -> Frame | Gap:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + PERIOD_NS // 2)
        self._count += 1
        now = self.ctx.clock.now_ns()
        return Gap(now) if self._count % 2 else self.frame(self._count, now, PERIOD_NS)


def test_a_gap_does_not_overtake_a_picture_that_waits_at_the_gate() -> None:
    nodes = {
        "src": {"use": "test.detector"},
        "slow": {"use": "test.slow", "in": "src", "params": {"service_ms": 300}},
        "out": {"use": "test.collect", "in": "slow"},
    }
    _, outcome, scripted = play(graph(nodes), 10.0, {}, plugin(detector=Detector))
    source = outcome.stats["sources"]["src"]
    assert outcome.stats["nodes"]["src"]["frames_out"] == outcome.stats["nodes"]["slow"]["frames_in"]
    assert source["dropped"]["gate"] > 100
    assert len(scripted.kept["out"]) >= 30
    assert balanced(outcome)


MS = 1_000_000


def test_a_gap_moves_with_the_frames() -> None:
    timeline = Timeline(live=True)
    assert timeline.place({"b": Gap(5)}, 0, paced=True) == {}
    placed = timeline.place({"a": Frame(1000 * MS), "b": Gap(1000 * MS)}, 70 * MS, paced=True)
    assert (placed["a"].pts_ns, placed["b"]) == (70 * MS, Gap(70 * MS))
    timeline.late(20 * MS)
    assert timeline.place({"b": Gap(1040 * MS)}, 0, paced=True) == {"b": Gap(130 * MS)}


def test_what_follows_a_gap_comes_after_it_though_time_jumps_back() -> None:
    timeline = Timeline(live=False)
    timeline.place({"a": Frame(1000 * MS, duration_ns=40 * MS), "b": Gap(1000 * MS)}, 0, paced=True)
    placed = timeline.place({"b": Frame(0)}, 0, paced=True)
    assert placed["b"].pts_ns == 1040 * MS
