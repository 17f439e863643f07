"""Sources of several ports: what one read gives enters together or not at all, and sound passes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runtime_support import balanced, graph, play, plugin

from livegraph import EndOfStream, Frame, Out, Param, Source
from livegraph.types import AnyPort, Audio

PERIOD_NS = 33_000_000


class Stereo(Source):
    """Two pictures at a time. With `marked`, the left one of that number says that time has jumped."""

    left: Out[AnyPort]
    right: Out[AnyPort]
    frames: int = Param(0, ge=0, doc="how many; 0: without end")
    marked: int = Param(-1, doc="the left picture that follows a jump")

    async def setup(self) -> None:
        self._count = -1

    async def read(self) -> Mapping[str, Frame] | EndOfStream:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + PERIOD_NS)
        self._count += 1
        if self.params.frames and self._count >= self.params.frames:
            return EndOfStream()
        now, jumped = self.ctx.clock.now_ns(), self._count == self.params.marked
        left = Frame(now, 0, PERIOD_NS, now, self._count, discontinuity=jumped)
        return {"left": left, "right": self.frame(self._count, now, PERIOD_NS)}


def two_eyes(**params: Any) -> dict[str, Any]:
    """Left is fast and right is slow; both are shown."""
    return graph(
        {
            "src": {"use": "test.stereo", "params": params},
            "fast": {"use": "test.slow", "in": "src.left", "params": {"service_ms": 1}},
            "slow": {"use": "test.slow", "in": "src.right", "params": {"service_ms": 200}},
            "left": {"use": "test.collect", "in": "fast"},
            "right": {"use": "test.collect", "in": "slow"},
        }
    )


def test_no_port_piles_up_behind_a_gate_that_looks_at_another() -> None:
    _, outcome, _ = play(two_eyes(), 10.0, {}, plugin(stereo=Stereo))
    assert outcome.stats["edges"]["src.right->slow.video"]["high_water"] <= 3
    assert outcome.stats["sinks"]["right"]["age_ms"]["p95"] <= 500
    assert balanced(outcome)


def test_the_frames_of_one_read_enter_together_or_not_at_all() -> None:
    _, _, scripted = play(two_eyes(), 10.0, {}, plugin(stereo=Stereo))
    left, right = ([frame.data for frame, _ in scripted.kept[eye]] for eye in ("left", "right"))
    assert len(right) >= 45
    assert left[: len(right)] == right


def test_a_source_counts_what_it_read_rather_than_the_frames_in_it() -> None:
    _, outcome, scripted = play(two_eyes(frames=100), None, {}, plugin(stereo=Stereo))
    source = outcome.stats["sources"]["src"]
    assert source["offered"] == 100 == source["admitted"] + sum(source["dropped"].values())
    assert source["admitted"] == outcome.stats["tickets"]["issued"] == len(scripted.kept["left"])
    assert scripted.kept["left"][-1][0].data == 99 == scripted.kept["right"][-1][0].data


def test_a_jump_that_was_dropped_at_the_gate_is_told_at_its_own_port() -> None:
    marked: set[str] = set()
    for number in range(20, 32):
        _, _, scripted = play(two_eyes(marked=number), 4.0, {}, plugin(stereo=Stereo))
        for eye in ("left", "right"):
            told = [frame.data for frame, _ in scripted.kept[eye] if frame.discontinuity]
            marked |= {eye} if told else set()
            assert len(told) == (eye == "left")
    assert marked == {"left"}


class Film(Source):
    """A picture and the sound that goes with it, in turn or at once."""

    picture: Out[AnyPort]
    sound: Out[Audio]
    at_once: bool = Param(True, doc="one read gives both")
    heard: ClassVar[int] = 0

    async def setup(self) -> None:
        self._count = -1
        type(self).heard = 0

    async def read(self) -> Mapping[str, Frame]:
        self._count += 1
        if self.params.at_once or self._count % 2 == 0:
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + PERIOD_NS)
        now = self.ctx.clock.now_ns()
        both = {"picture": self.frame(self._count, now), "sound": self.frame(self._count, now)}
        if not self.params.at_once:
            both = {port: frame for port, frame in both.items() if (port == "sound") == (self._count % 2 == 1)}
        type(self).heard += "sound" in both
        return both


def film(**params: Any) -> dict[str, Any]:
    return graph(
        {
            "src": {"use": "test.film", "params": params},
            "model": {"use": "test.slow", "in": "src.picture", "params": {"service_ms": 100}},
            "screen": {"use": "test.collect", "in": "model"},
            "speaker": {"use": "test.collect", "in": "src.sound"},
        }
    )


def test_sound_is_never_dropped_at_the_gate() -> None:
    for at_once in (True, False):
        _, outcome, scripted = play(film(at_once=at_once), 10.0, {}, plugin(film=Film))
        assert outcome.stats["sources"]["src"]["dropped"]["gate"] > 100
        assert Film.heard - 1 <= len(scripted.kept["speaker"]) <= Film.heard
        assert balanced(outcome)


class Microphone(Source):
    sound: Out[Audio]

    async def read(self) -> Frame:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 20_000_000)
        return self.frame(0, self.ctx.clock.now_ns())


def test_a_source_of_nothing_but_sound_has_no_gate() -> None:
    nodes = {
        "src": {"use": "test.microphone"},
        "effect": {"use": "test.slow", "in": "src", "params": {"service_ms": 19, "variation": 0.9}},
        "out": {"use": "test.collect", "in": "effect"},
    }
    run, outcome, scripted = play(graph(nodes), 5.0, {}, plugin(microphone=Microphone))
    assert run.sources["src"].gate is None
    assert outcome.stats["sources"]["src"]["dropped"] == {}
    assert len(scripted.kept["out"]) >= 240
