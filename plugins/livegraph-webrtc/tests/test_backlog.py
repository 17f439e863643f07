"""The queue before a viewer and before a decoder."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.backlog import Backlog


def test_nothing_enters_before_a_keyframe() -> None:
    backlog: Backlog[int] = Backlog(4)
    assert not backlog.put(1, keyframe=False)
    assert backlog.put(2, keyframe=True)
    assert backlog.put(3, keyframe=False)
    assert [backlog.take(), backlog.take(), backlog.take()] == [2, 3, None]
    assert backlog.skipped == 1


def test_one_that_falls_behind_is_skipped_ahead_to_the_next_keyframe() -> None:
    backlog: Backlog[int] = Backlog(2)
    for number in range(4):
        backlog.put(number, keyframe=number == 0)
    assert backlog.starved and len(backlog) == 0
    assert backlog.put(9, keyframe=True)
    assert backlog.take() == 9
    assert backlog.skipped == 4


def test_what_waits_may_still_be_taken_when_one_is_missing_behind_it() -> None:
    backlog: Backlog[int] = Backlog(4)
    backlog.put(1, keyframe=True)
    backlog.starve()
    assert not backlog.put(2, keyframe=False)
    assert backlog.take() == 1


@given(st.lists(st.tuples(st.sampled_from(["put", "keyframe", "take", "starve"])), max_size=200))
def test_whoever_takes_can_decode_what_it_gets(steps: list[tuple[str]]) -> None:
    """A picture that is no keyframe comes only right after the one before it."""
    backlog: Backlog[tuple[int, bool]] = Backlog(3)
    number, last = 0, -10
    for (step,) in steps:
        if step == "starve":
            backlog.starve()
            number += 1  # the picture that is missing
        elif step == "take":
            taken = backlog.take()
            if taken is not None:
                assert taken[1] or taken[0] == last + 1
                last = taken[0]
        else:
            backlog.put((number, step == "keyframe"), step == "keyframe")
            number += 1
        assert len(backlog) <= 3
