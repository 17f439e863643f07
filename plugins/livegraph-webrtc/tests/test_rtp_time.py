"""RTP time against a graph's time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.rtp_time import Rising, Unwrapped, ns_of, ticks_of


def test_a_second_has_90000_ticks() -> None:
    assert ticks_of(1_000_000_000) == 90_000
    assert ns_of(90_000) == 1_000_000_000
    assert ns_of(3000) == 33_333_333


def test_time_goes_on_rising_where_32_bits_wrap() -> None:
    time = Unwrapped(32)
    placed = [time.place((0xFFFFFFFF - 5000 + step * 3000) % (1 << 32)) for step in range(5)]
    assert [later - earlier for earlier, later in pairwise(placed)] == [3000] * 4


def test_a_late_one_stands_before_the_newest_across_the_wrap() -> None:
    numbers = Unwrapped(16)
    assert numbers.place(65534) == 65534
    assert numbers.place(1) == 65537
    assert numbers.place(65535) == 65535
    assert numbers.place(2) == 65538


@given(start=st.integers(0, (1 << 32) - 1), steps=st.lists(st.integers(-(1 << 20), 1 << 20), max_size=50))
def test_what_was_wrapped_comes_back(start: int, steps: list[int]) -> None:
    time, true, newest = Unwrapped(32), start, start
    assert time.place(start) == start
    for step in steps:
        true = newest + step
        newest = max(newest, true)
        assert time.place(true % (1 << 32)) == true


@given(st.lists(st.integers(0, 1 << 50), min_size=1, max_size=30))
def test_a_senders_ticks_rise_strictly(times: list[int]) -> None:
    rising = Rising()
    placed = [rising.place(pts) for pts in times]
    assert all(earlier < later for earlier, later in pairwise(placed))
    assert all(ticks >= ticks_of(pts) for ticks, pts in zip(placed, times, strict=True))
