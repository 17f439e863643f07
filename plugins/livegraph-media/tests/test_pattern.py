import time
from itertools import pairwise

import numpy as np
import pytest
from media_support import built, context, read_all

from livegraph import EndOfStream, InputError
from livegraph_media import read_frame_number
from livegraph_media.pattern import Pattern
from livegraph_media.scene import Scene


def test_frames_carry_their_number_and_time() -> None:
    frames = read_all(built(Pattern, size="128x96", fps=25, frames=8))
    assert [read_frame_number(frame.data) for frame in frames] == list(range(8))
    assert [frame.pts_ns for frame in frames] == [n * 40_000_000 for n in range(8)]
    assert {frame.duration_ns for frame in frames} == {40_000_000}
    assert frames[0].data.shape == (96, 128, 3)


def test_durations_meet_the_next_frame_where_the_period_is_no_whole_number() -> None:
    frames = read_all(built(Pattern, size="64x64", fps=29.97, frames=50))
    assert all(a.pts_ns + a.duration_ns == b.pts_ns for a, b in pairwise(frames))


def test_a_frame_depends_on_its_index_and_the_seed_only() -> None:
    once = read_all(built(Pattern, size="96x80", frames=5, seed=4))
    again = built(Pattern, size="96x80", seed=4)
    again.skip_to(4)
    assert np.array_equal(again.read().data, once[4].data)
    other = built(Pattern, size="96x80", seed=5, marks=False).read()
    assert not np.array_equal(other.data, built(Pattern, size="96x80", seed=4, marks=False).read().data)


def test_the_scene_moves_and_fills_the_picture() -> None:
    scene = Scene((256, 256))
    first, second = (scene.draw(seconds).astype(int) for seconds in (0.0, 0.5))
    assert np.abs(first - second).mean() > 2
    assert first.std() > 40
    assert min(first[..., channel].std() for channel in range(3)) > 25


def test_without_marks_there_is_no_number() -> None:
    assert read_frame_number(built(Pattern, size="128x96", marks=False).read().data) is None


@pytest.mark.parametrize(
    ("limits", "count"), [({"frames": 3}, 3), ({"duration": 0.2}, 6), ({"frames": 9, "duration": 0.1}, 3)]
)
def test_it_ends_at_the_nearer_limit(limits: dict[str, float], count: int) -> None:
    node = built(Pattern, size="64x64", fps=30, **limits)
    assert len(read_all(node)) == count
    assert isinstance(node.read(), EndOfStream)


@pytest.mark.parametrize(
    ("params", "live"),
    [({}, True), ({"frames": 3}, False), ({"duration": 1}, False), ({"frames": 3, "live": True}, True)],
)
def test_auto_is_live_where_there_is_no_end(params: dict[str, object], live: bool) -> None:
    assert Pattern.is_live(Pattern.Params(**params)) is live


def test_auto_size_is_what_downstream_prefers() -> None:
    assert built(Pattern, context(size_hint=(100, 70))).read().data.shape == (70, 100, 3)
    assert built(Pattern).read().data.shape == (360, 640, 3)


def test_too_small_a_size_is_refused() -> None:
    with pytest.raises(InputError, match="at least 64"):
        built(Pattern, size="32x32")


@pytest.mark.parametrize(("size", "budget_ms"), [("256x256", 2.0), ("1280x720", 12.0)])
def test_a_frame_is_cheap(size: str, budget_ms: float) -> None:
    node = built(Pattern, size=size)
    best = float("inf")
    for _ in range(40):
        begin = time.perf_counter()
        node.read()
        best = min(best, time.perf_counter() - begin)
    assert best * 1000 < budget_ms
