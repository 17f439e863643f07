"""A source's pts on the run's timeline: one clock for all its ports, rising whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_support import graph, play, plugin

from livegraph import Frame, Out, Source
from livegraph.runtime.timeline import Timeline
from livegraph.types import AnyPort, Audio

MS = 1_000_000


class Loop(Source):
    """A film of ten pictures, 400 ms, with sound for 390 ms, over and over."""

    paced = True
    picture: Out[AnyPort]
    sound: Out[Audio]

    async def setup(self) -> None:
        pictures = [(40 * number, "picture", 40) for number in range(10)]
        sounds = [(30 * number, "sound", 30) for number in range(13)]
        self._film = sorted(pictures + sounds)
        self._count = -1

    async def read(self) -> dict[str, Frame]:
        self._count += 1
        round_, at = divmod(self._count, len(self._film))
        start, port, duration = self._film[at]
        return {port: self.frame((round_, start), start * MS, duration * MS)}


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_sound_and_picture_of_a_film_stay_together_over_loops(mode: str) -> None:
    nodes = {
        "src": {"use": "test.loop"},
        "screen": {"use": "test.collect", "in": "src.picture"},
        "speaker": {"use": "test.collect", "in": "src.sound"},
    }
    _, outcome, scripted = play(graph(nodes, mode=mode), 10.0, {}, plugin(loop=Loop))
    assert outcome.ok, outcome.error
    shifts: dict[int, set[int]] = {}
    for port in ("screen", "speaker"):
        for frame, _ in scripted.kept[port]:
            round_, start = frame.data
            shifts.setdefault(round_, set()).add(frame.pts_ns - start * MS)
    assert len(shifts) == 25
    assert all(len(shift) == 1 for shift in shifts.values()), shifts


def test_the_duration_of_an_offline_run_is_time_of_the_stream_though_a_source_loops() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 25.0, "restart_pts": 7}},
        "out": {"use": "test.collect", "in": "src"},
    }
    _, _, scripted = play(graph(nodes, mode="offline"), 2.0, {})
    assert len(scripted.kept["out"]) == 50


def place(timeline: Timeline, now_ms: int = 0, *, paced: bool = False, **pts_ms: int) -> dict[str, Any]:
    """What comes of a read of these pts: port -> (pts in ms, whether it is marked)."""
    moment = {port: Frame(pts * MS, duration_ns=10 * MS) for port, pts in pts_ms.items()}
    placed = timeline.place(moment, now_ms * MS, paced=paced)
    return {port: (frame.pts_ns // MS, frame.discontinuity) for port, frame in placed.items()}


def test_live_pts_count_from_the_start_of_the_run_and_offline_they_stay() -> None:
    assert place(Timeline(live=True), 70, a=1000, b=1005) == {"a": (70, False), "b": (75, False)}
    assert place(Timeline(live=False), 70, a=1000, b=1005) == {"a": (1000, False), "b": (1005, False)}


def test_a_jump_that_one_port_shows_moves_and_marks_all() -> None:
    timeline = Timeline(live=False)
    place(timeline, a=990, b=1000)
    assert place(timeline, a=0) == {"a": (1010, True)}
    assert place(timeline, b=0) == {"b": (1010, True)}
    assert place(timeline, a=10, b=10) == {"a": (1020, False), "b": (1020, False)}


def test_a_port_that_stumbles_moves_on_no_further_than_it_has_to() -> None:
    timeline = Timeline(live=False)
    place(timeline, a=0, b=400)
    assert place(timeline, a=0) == {"a": (10, True)}
    assert place(timeline, b=400) == {"b": (410, True)}


def test_a_clock_that_strays_is_set_right_for_all_ports() -> None:
    timeline = Timeline(live=True)
    place(timeline, 0, a=0, b=0)
    assert place(timeline, 100, a=100, b=100) == {"a": (100, False), "b": (100, False)}
    assert place(timeline, 800, a=200, b=200) == {"a": (800, True), "b": (800, True)}


def test_a_port_that_is_always_early_is_no_clock_that_strays() -> None:
    timeline = Timeline(live=True)
    shown = [(place(timeline, now, a=now), place(timeline, now, b=now - 900)) for now in range(0, 3000, 100)]
    assert all(a["a"] == (now, False) for (a, _), now in zip(shown, range(0, 3000, 100), strict=True))
    assert all(b["b"] == (now - 900, False) for (_, b), now in zip(shown, range(0, 3000, 100), strict=True))


def test_a_source_that_was_opened_anew_begins_behind_what_all_ports_gave() -> None:
    timeline = Timeline(live=True)
    place(timeline, 0, a=0, b=300)
    timeline.reopened()
    assert place(timeline, 200, a=5, b=5) == {"a": (310, True), "b": (310, True)}


def test_what_came_late_takes_the_rest_along() -> None:
    timeline = Timeline(live=True)
    place(timeline, 0, paced=True, a=0, b=0)
    timeline.late(700 * MS)
    assert place(timeline, 9000, paced=True, a=40, b=50) == {"a": (740, False), "b": (750, False)}


def test_the_frames_of_one_read_have_one_number() -> None:
    timeline = Timeline(live=False)
    numbers = [
        {frame.seq for frame in timeline.place({"a": Frame(n), "b": Frame(n)}, 0, paced=False).values()}
        for n in range(3)
    ]
    assert numbers == [{0}, {1}, {2}]
