from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph_media.sound_timeline import SoundTimeline

SECOND = 1_000_000_000
RATE = 48_000


def placed(timeline: SoundTimeline, pts_ns: int | None, offset_ns: int = 0, samples: int = 4800) -> Any:
    return timeline.place(pts_ns, samples, RATE, offset_ns)


blocks = st.tuples(st.one_of(st.none(), st.integers(-(10**10), 10**10)), st.integers(1, 4096))


@steady
@given(st.lists(blocks, min_size=1, max_size=40), st.lists(st.integers(-(10**9), 10**9), min_size=40, max_size=40))
def test_blocks_never_overlap_whatever_the_file_says(given_blocks: list[Any], offsets: list[int]) -> None:
    timeline, end = SoundTimeline(), 0
    for (pts, samples), offset in zip(given_blocks, offsets, strict=False):
        if (placed := timeline.place(pts, samples, RATE, offset)) is None:
            continue
        assert 0 <= placed.skip < samples
        assert placed.pts_ns >= end
        end = timeline.follows_ns
        assert end > placed.pts_ns


def test_times_that_a_container_has_rounded_leave_no_hole() -> None:
    timeline = SoundTimeline()
    placed = [timeline.place(round(n * 1024 / 48) * 1_000_000, 1024, RATE, 0) for n in range(200)]
    assert [each.pts_ns for each in placed if each] == [n * 1024 * SECOND // RATE for n in range(200)]


def test_what_overlaps_is_cut_off_and_a_hole_stays() -> None:
    timeline = SoundTimeline()
    assert placed(timeline, 0) == (0, 0, False)
    assert placed(timeline, SECOND // 20) == (2400, SECOND // 10, False)
    assert placed(timeline, SECOND) == (0, SECOND, False)
    assert placed(timeline, None) == (0, SECOND + SECOND // 10, False)
    assert placed(timeline, SECOND) is None


def test_sound_from_before_the_first_picture_is_cut_off() -> None:
    timeline = SoundTimeline()
    timeline.restart(0)
    assert placed(timeline, 3 * SECOND, offset_ns=-4 * SECOND) is None
    assert placed(timeline, 4 * SECOND - SECOND // 20, offset_ns=-4 * SECOND) == (2400, 0, False)


def test_a_round_begins_where_it_is_told_and_is_marked() -> None:
    timeline = SoundTimeline()
    placed(timeline, 0)
    timeline.restart(SECOND)
    assert placed(timeline, 0, offset_ns=SECOND) == (0, SECOND, True)
    assert placed(timeline, SECOND // 10, offset_ns=SECOND).jumped is False


def test_around_a_jump_each_block_goes_by_the_offset_by_which_it_follows() -> None:
    timeline = SoundTimeline()
    for tenth in range(100):
        placed(timeline, tenth * SECOND // 10)
    assert timeline.is_ahead(0, offset_ns=0)
    assert not timeline.is_ahead(0, offset_ns=10 * SECOND)
    assert placed(timeline, 10 * SECOND, offset_ns=10 * SECOND) == (0, 10 * SECOND, False)
    assert placed(timeline, SECOND // 10, offset_ns=10 * SECOND) == (0, 10 * SECOND + SECOND // 10, True)
