from __future__ import annotations

import pytest

from livegraph.frame import Frame
from livegraph.runtime.gate import Credits, Gate, Load

MS = 1_000_000


def gate(credits: Credits, *, waits: bool = False, ready_in: float = 0.0) -> tuple[Gate, list[int]]:
    admitted: list[int] = []
    door = Gate(
        credits,
        lambda f: admitted.append(f.seq),
        lambda: waits,
        lambda now: ready_in,
        lambda: missing(credits, admitted),
    )
    return door, admitted


def missing(credits: Credits, admitted: list[int]) -> int:
    return credits.take - len(admitted) % credits.take


def offer(door: Gate, *numbers: int, period: int = 33 * MS) -> None:
    for number in numbers:
        door.offer(Frame(number * period, seq=number), number * period)


def test_the_slot_keeps_the_newest_and_counts_the_one_it_replaces() -> None:
    door, admitted = gate(Credits(take=1, nodes=1))
    offer(door, 0, 1, 2, 3)
    assert admitted == [0]
    assert door.dropped == 2
    door.settled(100 * MS)
    assert admitted == [0, 3]


def test_every_offer_is_admitted_dropped_or_in_the_slot() -> None:
    door, admitted = gate(Credits(take=1, nodes=2))
    offer(door, *range(10))
    assert door.offered == len(admitted) + door.dropped + 1
    assert door.close() is not None
    assert door.close() is None


def test_a_burst_before_a_chunk_node_is_of_consecutive_frames() -> None:
    door, admitted = gate(Credits(take=4, nodes=1))
    offer(door, *range(6))
    assert admitted == [0, 1, 2, 3, 4, 5]
    busy, let_in = gate(Credits(take=4, nodes=1), ready_in=500 * MS)
    offer(busy, *range(6))
    assert let_in == []
    assert busy.dropped == 5


def test_a_burst_starts_one_period_before_it_would_be_too_late() -> None:
    ready = {"in": 140 * MS}
    admitted: list[int] = []
    door = Gate(
        Credits(take=4, nodes=1),
        lambda f: admitted.append(f.seq),
        lambda: False,
        lambda now: ready["in"],
        lambda: missing(door.credits, admitted),
    )
    door.period_ns = 33 * MS
    offer(door, 0, 1)
    assert admitted == []
    ready["in"] = 130 * MS  # the fill takes 3 periods: 99 ms; one period later it would end at 132 ms
    offer(door, 2, 3, 4, 5, 6)
    assert admitted[:4] == [2, 3, 4, 5]


def test_when_every_node_waits_a_refused_frame_gets_in() -> None:
    credits = Credits(take=1, nodes=1)
    door, admitted = gate(credits, waits=True)
    offer(door, 0, 1)
    assert admitted == [0, 1]
    assert credits.count == 2


def look(credits: Credits, services: list[float], *, waited: float = 0.0, refused: int = 0, period: float = 33) -> None:
    loads = {f"n{i}": Load(ms * MS, 1, waited) for i, ms in enumerate(services)}
    parents = {f"n{i}": [f"n{i - 1}"] if i else [] for i in range(len(services))}
    credits.look(loads, parents, period * MS, refused)


def test_credits_are_the_path_over_the_bottleneck() -> None:
    for services, expected in (([5, 60, 5], 2), ([60, 60, 60], 3), ([60], 1), ([60, 1], 1), ([10, 60], 2)):
        credits = Credits(take=1, nodes=3)
        look(credits, services)
        assert credits.count == expected, services


def test_trim_rises_while_the_bottleneck_starves_and_falls_after_ten_calm_looks() -> None:
    credits = Credits(take=1, nodes=3)
    look(credits, [60, 60, 60], waited=0.1, refused=5)
    assert credits.count == 4
    look(credits, [60, 60, 60], waited=0.1, refused=5)
    assert credits.count == 4  # half the base is the most, where the bottleneck is saturated
    for _ in range(9):
        look(credits, [60, 60, 60])
    assert credits.count == 4
    look(credits, [60, 60, 60])
    assert credits.count == 3


def test_a_parallel_branch_does_not_lengthen_the_path() -> None:
    credits = Credits(take=1, nodes=3)
    loads = {"a": Load(10 * MS), "b": Load(60 * MS), "join": Load(1 * MS)}
    longest = credits.look(loads, {"a": [], "b": [], "join": ["a", "b"]}, 33 * MS, 0)
    assert longest == 61 * MS


def test_short_pauses_do_not_pass_for_a_slower_source() -> None:
    """A source that is opened anew after every fifth frame is no slower for it; one that has become slower is."""
    door, _ = gate(Credits(take=1, nodes=1))
    now = 0
    for number in range(200):
        now += 300 * MS if number % 5 == 0 else 40 * MS
        door.offer(Frame(now, seq=number), now)
    assert door.period_ns < 1.3 * 40 * MS
    for number in range(200, 240):
        now += 100 * MS
        door.offer(Frame(now, seq=number), now)
    assert door.period_ns == pytest.approx(100 * MS, rel=0.05)


def test_what_cost_nothing_while_there_was_time_is_taken_back_when_there_is_none() -> None:
    credits, parents = Credits(take=1, nodes=1), {"paint": []}
    for _ in range(3):  # frames came unevenly: more of them in work made no frame older
        credits.look({"paint": Load(10 * MS, waited=0.5)}, parents, 33 * MS, refused=2)
    assert credits.count == 4
    credits.look({"paint": Load(30 * MS)}, parents, 33 * MS, refused=2)
    assert credits.count == 4, "it still has time to spare"
    credits.look({"paint": Load(60 * MS)}, parents, 33 * MS, refused=15)
    assert credits.count == 1
