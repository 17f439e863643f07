from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from livegraph_server import lanes
from livegraph_server.lanes import Lane, Lanes

REPLIES: Any = None


def joined(line: Lanes) -> Lane:
    lane = line.join(REPLIES)
    assert lane is not None
    return lane


def test_the_newest_picture_of_a_user_wins_and_the_others_are_counted() -> None:
    line = Lanes(1, 10)
    lane = joined(line)
    for name in (b"1", b"2", b"3"):
        assert line.offer(lane, name)
    assert line.take(0) == (lane, 3, b"3") and line.take(0) is None
    assert (lane.frames, lane.dropped) == (3, 2)


def test_who_comes_later_waits_and_moves_up() -> None:
    line = Lanes(1, 10)
    first, second, third = (joined(line) for _ in range(3))
    assert [line.place(lane) for lane in (first, second, third)] == [0, 1, 2]
    assert not line.offer(second, b"x") and line.take(0) is None
    line.leave(first)
    assert [line.place(lane) for lane in (second, third)] == [0, 1]
    assert line.offer(second, b"x") and line.take(0) == (second, 1, b"x")


def test_a_full_queue_sends_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WAITING", 1)
    line = Lanes(1, 10)
    joined(line), joined(line)
    assert line.join(REPLIES) is None and line.users == 2


def test_users_with_a_lane_take_turns_however_fast_one_is() -> None:
    line = Lanes(2, 10)
    fast, slow = joined(line), joined(line)
    taken = []
    for _ in range(6):
        line.offer(fast, b"f")
        line.offer(slow, b"s")
        found = line.take(0)
        assert found is not None
        taken.append(found.jpeg)
    assert taken in ([b"f", b"s"] * 3, [b"s", b"f"] * 3)


def test_a_picture_wakes_the_node_that_waits_for_one() -> None:
    line = Lanes(1, 10)
    lane = joined(line)
    threading.Timer(0.05, line.offer, (lane, b"x")).start()
    start = time.monotonic()
    assert line.take(5) == (lane, 1, b"x")
    assert time.monotonic() - start < 2
    assert line.take(0.01) is None


def test_users_are_found_while_they_are_there() -> None:
    line = Lanes(1, 10)
    one, two = joined(line), joined(line)
    assert one.user != two.user and line.find(two.user) is two
    line.leave(two)
    assert line.find(two.user) is None and line.find(0) is None
