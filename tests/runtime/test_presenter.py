"""Sinks that show: what waits for its moment is reset, dropped and counted as what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from runtime_support import balanced, graph, play, plugin

from livegraph import Audio, Frame, In, Out, Param, Sink, Source
from livegraph.runtime.run import Run
from livegraph.types import AnyPort


class Screen(Sink):
    """Writes down what it is told to do, in order; a picture that follows a jump in time is `marked`."""

    presents = True
    video: In[AnyPort]
    stuck_at: int = Param(-1, doc="the picture that takes half a second")
    told: ClassVar[list[str]]

    async def setup(self) -> None:
        type(self).told = []

    async def process(self, video: Frame) -> None:
        type(self).told.append("marked" if video.discontinuity else "picture")
        if video.data == self.params.stuck_at:
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 500_000_000)

    def reset(self) -> None:
        type(self).told.append("reset")


def chunks(source: dict[str, Any], **screen: Any) -> dict[str, Any]:
    """Pictures come in bursts of four, and wait for their moments."""
    return graph(
        {
            "src": {"use": "test.source", "params": {"fps": 24.0, **source}},
            "wan": {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 80, "variation": 0.9}},
            "out": {"use": "test.screen", "in": "wan", "params": screen},
        }
    )


def test_a_screen_is_reset_when_the_picture_that_follows_the_jump_is_shown() -> None:
    play(chunks({"restart_pts": 48}), 9.0, {}, plugin(screen=Screen))
    resets = [at for at, what in enumerate(Screen.told) if what == "reset"]
    assert len(resets) == 4
    assert [Screen.told[at + 1] for at in resets] == ["marked"] * 4


def test_a_jump_in_pictures_that_came_too_late_is_not_forgotten() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 40.0, "restart_pts": 48}},
        "n": {"use": "test.slow", "in": "src", "params": {"service_ms": 5}},
        "out": {"use": "test.screen", "in": "n", "params": {"stuck_at": 46}},
    }
    hitch = {  # after it, pictures wait some 100 ms for their moments: not so much that a jump lets go of it
        0.6: lambda run: run.bus.set({"n.service_ms": 100.0}),
        0.8: lambda run: run.bus.set({"n.service_ms": 5.0}),
    }
    _, outcome, _ = play(graph(nodes), 2.0, hitch, plugin(screen=Screen))
    assert outcome.stats["nodes"]["out"]["dropped"]["age"] >= 2
    assert "marked" not in Screen.told
    assert Screen.told.count("reset") == 1


@pytest.mark.parametrize("when", [1.0, 1.1, 1.2, 1.3])
@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_what_a_screen_took_was_shown_or_dropped(how: str, when: float) -> None:
    _, outcome, _ = play(chunks({}, stuck_at=20), 3.0, {when: lambda run: getattr(run, how)()}, plugin(screen=Screen))
    node, shown = outcome.stats["nodes"]["out"], outcome.stats["sinks"]["out"]["frames"]
    assert node["frames_in"] == shown + sum(node["dropped"].values())
    assert balanced(outcome)


def test_pictures_that_wait_when_a_run_is_cancelled_are_counted() -> None:
    waited: set[int] = set()
    for when in (1.0, 1.04, 1.08, 1.12, 1.16):
        _, outcome, _ = play(chunks({}), 3.0, {when: Run.cancel}, plugin(screen=Screen))
        waited.add(outcome.stats["nodes"]["out"]["dropped"].get("stop", 0))
    assert max(waited) >= 3


class Hastens(Source):
    """Five pictures a second, and after three seconds thirty: a camera that takes over from a slow stand-in."""

    out: Out[AnyPort]
    marked: bool = Param(True, doc="whether it says that the faster pictures do not follow the slow ones")

    async def setup(self) -> None:
        self._next_ns = 0

    async def read(self) -> Frame:
        began = self.ctx.clock.now_ns() if self._next_ns == 0 else self._began_ns
        self._began_ns, pts = began, self._next_ns
        await self.ctx.clock.sleep_until(began + pts)
        slow = pts < 3_000_000_000
        self._next_ns += 200_000_000 if slow else 33_333_333
        first = not slow and not self._quick
        self._quick = not slow
        frame = self.frame(pts, pts)
        return replace(frame, discontinuity=True) if first and self.params.marked else frame

    _quick = False


@pytest.mark.parametrize(("marked", "latest_ms"), [(True, 400), (False, 1500)])
def test_a_slow_stand_in_leaves_no_latency_behind(marked: bool, latest_ms: float) -> None:
    """A chunk of four at 5 fps needs 600 ms to fill, at 30 fps 100 ms: the offset follows, at once where time jumps."""
    nodes = {
        "src": {"use": "test.hastens", "params": {"marked": marked}},
        "wan": {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 80}},
        "out": {"use": "test.screen", "in": "wan"},
    }
    offsets: list[float] = []
    looks = {when: lambda run: offsets.append(run.host.playout.offset_ns / 1e6) for when in (2.9, 4.5)}
    play(graph(nodes), 5.0, looks, plugin(screen=Screen, hastens=Hastens))
    before, after = offsets
    assert before > 600
    assert after < latest_ms
    assert marked or after > 400


class Film(Source):
    """A picture every fortieth of a second, and two blocks of sound, a millisecond later."""

    video: Out[AnyPort]
    audio: Out[Audio]

    async def setup(self) -> None:
        self._number, self._began_ns = 0, self.ctx.clock.now_ns()

    async def read(self) -> dict[str, Frame]:
        number, self._number = self._number, self._number + 1
        pts = number * 12_500_000
        await self.ctx.clock.sleep_until(self._began_ns + pts)
        sound = {"audio": self.frame(number, pts + 1_000_000, 12_500_000)}
        return sound if number % 2 else {"video": self.frame(number // 2, pts, 25_000_000), **sound}


class Cinema(Sink):
    """Shows and sounds. A picture takes so long that two blocks are due at its end; one takes half a second."""

    presents = True
    video: In[AnyPort] = In(join="merge")
    audio: In[Audio] = In(join="merge", optional=True)
    pictures: ClassVar[list[int]]
    blocks: ClassVar[list[int]]

    async def setup(self) -> None:
        type(self).pictures, type(self).blocks = [], []

    async def process(self, video: Frame | None, audio: Frame | None = None) -> None:
        if audio is not None:
            type(self).blocks.append(audio.data)
        if video is not None:
            type(self).pictures.append(video.data)
            takes_ns = 500_000_000 if video.data == 40 else 14_000_000
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + takes_ns)


def test_sound_is_never_left_out_for_what_is_newer() -> None:
    wires = {"video": "film.video", "audio": "film.audio"}
    nodes = {"film": {"use": "test.film"}, "out": {"use": "test.cinema", "in": wires}}
    _, outcome, _ = play(graph(nodes), 3.0, {}, plugin(film=Film, cinema=Cinema))
    blocks, pictures = Cinema.blocks, Cinema.pictures
    assert blocks == list(range(len(blocks))) and len(blocks) > 200
    assert pictures == sorted(pictures) and len(pictures) > 80
    assert outcome.stats["sinks"]["out"]["frames"] == len(pictures)
    assert balanced(outcome)
