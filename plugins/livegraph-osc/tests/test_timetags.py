from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_osc.refused import Refused
from livegraph_osc.timetags import HORIZON_S, MOST_MESSAGES, NTP_TO_UNIX_S, Schedule, unix_s


@given(st.lists(st.floats(0, HORIZON_S), max_size=20), st.lists(st.floats(0, HORIZON_S), max_size=5))
def test_everything_comes_once_in_order_and_not_before_its_time(times: list[float], looks: list[float]) -> None:
    schedule: Schedule[float] = Schedule()
    for at_s in times:
        schedule.put(at_s, 0.0, at_s, 1)
    came = []
    for now_s in [*sorted(looks), HORIZON_S]:
        due = schedule.due(now_s)
        assert all(at_s <= now_s for at_s in due)
        came += due
    assert came == sorted(times) and schedule.wait_s(HORIZON_S) is None


def test_it_is_bounded_in_time_and_number() -> None:
    schedule: Schedule[str] = Schedule()
    with pytest.raises(Refused) as refused:
        schedule.put(1000 + HORIZON_S + 0.1, 1000, "far", 1)
    assert refused.value.reason == "timetag"
    schedule.put(1001, 1000, "much", MOST_MESSAGES)
    with pytest.raises(Refused) as refused:
        schedule.put(1001, 1000, "more", 1)
    assert refused.value.reason == "queue"
    assert schedule.due(1001) == ["much"]
    schedule.put(1002, 1001, "again", MOST_MESSAGES)
    assert schedule.wait_s(1001.5) == 0.5


def test_a_timetag_counts_from_1900() -> None:
    assert unix_s((NTP_TO_UNIX_S + 5 << 32) + (1 << 31)) == 5.5
