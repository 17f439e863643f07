from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph_media.timeline import Arrivals, Timeline

PERIOD = 40_000_000
times = st.lists(st.one_of(st.none(), st.integers(-(10**10), 10**10)), min_size=1, max_size=40)


@steady
@given(times, st.sets(st.integers(0, 39)))
def test_times_rise_strictly_whatever_the_file_says(pts: list[int | None], restarts: set[int]) -> None:
    timeline = Timeline(PERIOD)
    last = -1
    for index, value in enumerate(pts):
        if index in restarts:
            timeline.restart()
        moment = timeline.place(value, 0)
        assert moment.pts_ns > last
        assert moment.duration_ns > 0
        last = moment.pts_ns


def test_it_begins_at_zero_and_keeps_the_distances() -> None:
    timeline = Timeline(PERIOD)
    placed = [timeline.place(pts, 0) for pts in (7_000, 7_000 + 3 * PERIOD, 7_000 + 4 * PERIOD)]
    assert [moment.pts_ns for moment in placed] == [0, 3 * PERIOD, 4 * PERIOD]
    assert not any(moment.jumped for moment in placed)


def test_a_loop_continues_one_duration_on() -> None:
    timeline = Timeline(PERIOD)
    timeline.place(0, 0)
    timeline.place(PERIOD, 3 * PERIOD)
    timeline.restart()
    again = timeline.place(0, 0)
    assert (again.pts_ns, again.jumped) == (4 * PERIOD, True)
    assert timeline.place(PERIOD, 0).pts_ns == 5 * PERIOD


def test_a_missing_time_follows_the_one_before() -> None:
    timeline = Timeline(PERIOD)
    placed = [timeline.place(pts, 0).pts_ns for pts in (0, None, None, 3 * PERIOD)]
    assert placed == [0, PERIOD, 2 * PERIOD, 3 * PERIOD]


def test_duplicates_move_half_a_period_and_the_rest_stays() -> None:
    timeline = Timeline(PERIOD)
    placed = [timeline.place(pts, 0).pts_ns for pts in (0, PERIOD, PERIOD, 2 * PERIOD)]
    assert placed == [0, PERIOD, PERIOD * 3 // 2, 2 * PERIOD]


def test_a_long_way_back_is_a_jump_after_which_time_continues() -> None:
    timeline = Timeline(PERIOD)
    placed = [timeline.place(pts, 0) for pts in (0, 100 * PERIOD, PERIOD, 2 * PERIOD)]
    assert [moment.pts_ns for moment in placed] == [0, 100 * PERIOD, 101 * PERIOD, 102 * PERIOD]
    assert [moment.jumped for moment in placed] == [False, False, True, False]


def test_a_device_with_even_times_keeps_them_however_unevenly_they_arrive() -> None:
    arrivals = Arrivals()
    late = [0, 15_000_000, 2_000_000, 30_000_000]
    placed = [arrivals.place(10**15 + n * PERIOD, 500 + n * PERIOD + late[n]) for n in range(4)]
    assert placed == [n * PERIOD for n in range(4)]


def test_a_device_whose_clock_runs_away_is_brought_back_to_arrival() -> None:
    arrivals = Arrivals()
    arrivals.place(0, 0)
    assert arrivals.place(50 * PERIOD, PERIOD) == PERIOD


def test_a_reopened_device_continues_at_its_arrival() -> None:
    arrivals = Arrivals()
    arrivals.place(5_000, 0)
    arrivals.restart()
    assert arrivals.place(9, 3 * PERIOD) == 3 * PERIOD


@steady
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 10**10)), st.integers(0, 10**9)), min_size=1))
def test_device_times_rise_strictly(steps: list[tuple[int | None, int]]) -> None:
    arrivals = Arrivals()
    now, last = 0, -1
    for pts, passed in steps:
        now += passed
        placed = arrivals.place(pts, now)
        assert placed > last
        last = placed
