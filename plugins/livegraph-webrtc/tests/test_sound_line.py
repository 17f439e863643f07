"""A sender's sound on the timeline of its pictures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.sound_line import SoundLine

MS = 1_000_000
RATE = 48_000


def test_blocks_follow_and_a_hole_stays() -> None:
    line = SoundLine(RATE)
    placed = [line.place(due_ms * MS, 960) for due_ms in (10, 30, 51, 200)]
    assert placed == [(0, 10 * MS), (0, 30 * MS), (0, 50 * MS), (0, 200 * MS)]


def test_what_overlaps_is_cut_off_at_its_beginning() -> None:
    line = SoundLine(RATE)
    line.place(0, 960)
    assert line.place(15 * MS, 960) == (240, 20 * MS)
    assert line.place(15 * MS, 960) is None


def test_what_was_promised_not_to_come_does_not() -> None:
    line = SoundLine(RATE)
    line.pass_by(100 * MS)
    assert line.place(70 * MS, 960) is None
    stretch = line.place(90 * MS, 960)
    assert stretch is not None and stretch.pts_ns > 100 * MS and stretch.skip == 481


@given(
    st.lists(st.tuples(st.integers(-50 * MS, 100 * MS), st.integers(1, 3000), st.booleans()), min_size=1, max_size=60)
)
def test_blocks_never_overlap_nor_break_a_promise(steps: list[tuple[int, int, bool]]) -> None:
    line, due_ns, bound_ns = SoundLine(RATE), 0, -1
    for step_ns, samples, promises in steps:
        due_ns = max(0, due_ns + step_ns)
        if promises:
            line.pass_by(due_ns)
            bound_ns = max(bound_ns, due_ns)
        elif (stretch := line.place(due_ns, samples)) is not None:
            assert stretch.pts_ns > bound_ns and 0 <= stretch.skip < samples
            bound_ns = stretch.pts_ns + (samples - stretch.skip) * 1_000_000_000 // RATE - 1
