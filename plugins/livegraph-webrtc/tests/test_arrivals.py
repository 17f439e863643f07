"""A sender's times on a source's timeline."""

from __future__ import annotations

from livegraph_webrtc.arrivals import Arrivals


def test_pictures_are_as_far_apart_as_the_sender_says_whenever_they_came() -> None:
    arrivals = Arrivals()
    moments = [arrivals.place("a", 9_000_000 + number * 3000, came) for number, came in enumerate((50, 10**9, 10**9))]
    assert [moment.pts_ns for moment in moments] == [0, 33_333_333, 66_666_666]
    assert [moment.duration_ns for moment in moments] == [0, 33_333_333, 33_333_333]
    assert not any(moment.jumped for moment in moments)


def test_a_new_session_begins_when_it_arrived_and_jumps() -> None:
    arrivals = Arrivals()
    arrivals.place("a", 5000, 1_000_000_000)
    moment = arrivals.place("b", 77, 4_000_000_000)
    assert (moment.pts_ns, moment.duration_ns, moment.jumped) == (3_000_000_000, 0, True)
    assert arrivals.place("b", 77 + 90_000, 4_100_000_000).pts_ns == 4_000_000_000


def test_pts_rise_strictly_whatever_a_sender_says() -> None:
    arrivals = Arrivals()
    placed = [arrivals.place("a", ticks, 0).pts_ns for ticks in (9000, 9000, 0, 12_000)]
    placed.append(arrivals.place("b", 0, 0).pts_ns)
    assert placed == sorted(set(placed))


def test_a_pause_is_no_duration() -> None:
    arrivals = Arrivals()
    arrivals.place("a", 0, 0)
    assert arrivals.place("a", 90_000 * 5, 5 * 10**9).duration_ns == 0
