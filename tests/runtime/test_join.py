from __future__ import annotations

from typing import Any

import pytest

from livegraph.frame import Frame
from livegraph.graph.plan import EdgePlan, PortRef
from livegraph.runtime.edge import Edge
from livegraph.runtime.join import END, WAIT, Fire, Join, Pass, Wait
from livegraph.runtime.settle import Ledger


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.rung = 0

    def set(self) -> None:
        self.rung += 1


def edge(port: str, role: Any, *, live: bool = True, **more: Any) -> Edge:
    policy: Any = "attached" if role in ("primary", "exact", "merge") else "history"
    return Edge(EdgePlan(PortRef("src", "out"), "node", port, role, policy, **more), live, Bell(), Bell())


def put(wire: Edge, *times: int) -> None:
    for pts in times:
        wire.put(Frame(pts, data=f"{wire.plan.port}{pts}"), (), 0)


def make(*wires: Edge) -> Join:
    return Join({wire.plan.port: wire for wire in wires}, wires[0].live)


def test_a_single_input_fires_passes_gaps_on_and_ends() -> None:
    a = edge("a", "primary")
    join = make(a)
    put(a, 1, 2)
    a.advance(5)
    a.end()
    steps = [join.next(0) for _ in range(4)]
    assert [type(step) for step in steps] == [Fire, Fire, type(END), type(END)]


def test_a_gap_is_passed_on_once() -> None:
    a = edge("a", "primary")
    join = make(a)
    put(a, 1)
    a.advance(5)
    assert isinstance(join.next(0), Fire)
    assert join.next(0) == Pass(5, ())
    assert join.next(0) is WAIT


def test_exact_fires_on_equal_pts_and_gives_a_gap_for_what_has_no_partner() -> None:
    a, b = edge("a", "primary"), edge("b", "exact")
    join = make(a, b)
    put(a, 1, 2, 3)
    assert join.next(0) is WAIT
    put(b, 1)
    fired = join.next(0)
    assert isinstance(fired, Fire)
    assert {port: frame.data for port, frame in fired.inputs.items() if frame} == {"a": "a1", "b": "b1"}
    put(b, 3)
    assert join.next(0) == Pass(2, [])
    assert isinstance(join.next(0), Fire)


def test_exact_takes_a_bound_for_an_answer() -> None:
    a, b = edge("a", "primary"), edge("b", "exact")
    join = make(a, b)
    put(a, 4)
    b.advance(4)
    assert join.next(0) == Pass(4, [])


def test_exact_without_its_optional_partner_fires_alone() -> None:
    a, b = edge("a", "primary"), edge("b", "exact", optional=True)
    join = make(a, b)
    put(a, 4)
    b.advance(4)
    fired = join.next(0)
    assert isinstance(fired, Fire)
    assert fired.inputs["b"] is None


def test_exact_ends_when_a_port_that_it_needs_has_ended() -> None:
    a, b = edge("a", "primary"), edge("b", "exact")
    join = make(a, b)
    put(a, 1, 2)
    put(b, 1)
    b.end()
    assert isinstance(join.next(0), Fire)
    assert join.next(0) == Pass(2, ())
    assert join.next(0) is END


def test_hold_live_takes_the_newest_at_or_before_and_never_waits() -> None:
    a, b = edge("a", "primary"), edge("b", "hold")
    join = make(a, b)
    put(b, 1, 3, 8)
    put(a, 2, 4, 9)
    values = [step.inputs["b"].data for step in (join.next(0), join.next(0), join.next(0)) if isinstance(step, Fire)]
    assert values == ["b1", "b3", "b8"]


def test_hold_offline_waits_for_the_bound() -> None:
    a, b = edge("a", "primary", live=False), edge("b", "hold", live=False)
    join = make(a, b)
    put(a, 4)
    put(b, 3)
    assert join.next(0) is WAIT
    b.advance(4)
    fired = join.next(0)
    assert isinstance(fired, Fire)
    assert fired.inputs["b"].data == "b3"


def test_a_held_value_that_is_too_old_counts_as_absent() -> None:
    a, b = edge("a", "primary"), edge("b", "hold", max_age_ns=5)
    join = make(a, b)
    put(b, 1)
    put(a, 6, 7)
    assert isinstance(join.next(0), Fire)
    assert join.next(0) == Pass(7, [])


def test_nearest_takes_the_nearer_and_waits_no_longer_than_it_may() -> None:
    a, b = edge("a", "primary"), edge("b", "nearest", tolerance_ns=10, wait_ns=50)
    join = make(a, b)
    put(b, 96)
    put(a, 100)
    assert join.next(1000) == Wait(1050)
    put(b, 103)
    fired = join.next(1010)
    assert isinstance(fired, Fire)
    assert fired.inputs["b"].data == "b103"
    put(a, 200)
    assert join.next(2000) == Wait(2050)
    assert join.next(2050) == Pass(200, [])


def test_merge_gives_every_item_of_every_port_in_pts_order() -> None:
    a, b = edge("a", "merge", live=False), edge("b", "merge", live=False)
    join = make(a, b)
    put(a, 1, 4)
    put(b, 2, 4, 5)
    a.end()
    b.end()
    seen = []
    while isinstance(step := join.next(0), Fire):
        seen.append((step.pts_ns, [port for port, frame in step.inputs.items() if frame is not None]))
    assert seen == [(1, ["a"]), (2, ["b"]), (4, ["a", "b"]), (5, ["b"])]


@pytest.mark.parametrize("live", [False, True])
def test_the_first_port_is_merged_with_the_rest(live: bool) -> None:
    """The plan calls it primary, for it leads; where another port says merge, it waits for no partner."""
    a, b = edge("a", "primary", live=live), edge("b", "merge", live=live, optional=True)
    join = make(a, b)
    put(a, 1, 4)
    put(b, 2, 4, 5)
    a.end()
    b.end()
    seen = []
    while isinstance(step := join.next(0), Fire):
        seen.append((step.pts_ns, [port for port, frame in step.inputs.items() if frame is not None]))
    assert seen == [(1, ["a"]), (2, ["b"]), (4, ["a", "b"]), (5, ["b"])]


def test_feedback_is_the_picture_of_so_many_frames_ago() -> None:
    a, b = edge("a", "primary"), edge("b", "feedback", delay_frames=2, optional=True)
    join = make(a, b)
    seen = []
    for pts in range(1, 6):
        put(a, pts)
        step = join.next(0)
        assert isinstance(step, Fire)
        seen.append(step.inputs["b"].data if step.inputs["b"] else None)
        put(b, pts)
    assert seen == [None, None, "b1", "b2", "b3"]


def test_every_hold_of_a_ticket_comes_with_the_set() -> None:
    ledger = Ledger()
    ticket = ledger.issue(0)
    a, b = edge("a", "primary"), edge("b", "exact")
    for wire in (a, b):
        wire.put(Frame(1), (ticket,), 0)
    ticket.release()
    fired = make(a, b).next(0)
    assert isinstance(fired, Fire)
    assert list(fired.tickets) == [ticket, ticket]
    for held in fired.tickets:
        held.release()
    assert (ledger.issued, ledger.settled) == (1, 1)


@pytest.mark.parametrize("policy", ["latest", "drop_oldest"])
def test_a_lossy_edge_keeps_the_newest_and_counts_the_rest(policy: Any) -> None:
    capacity = 1 if policy == "latest" else 3
    wire = Edge(EdgePlan(PortRef("a", "out"), "b", "in", "primary", policy, capacity), True, Bell(), Bell())
    put(wire, 1, 2, 3, 4, 5)
    assert [entry.frame.pts_ns for entry in wire.entries] == list(range(6 - capacity, 6))
    assert wire.statistics().dropped == {"edge": 5 - capacity}


def test_a_full_edge_asks_its_producer_to_wait_and_calls_it_back() -> None:
    wire = edge("a", "primary", live=False, capacity=2)
    put(wire, 1, 2)
    assert wire.full
    wire.pop()
    assert not wire.full
    assert wire.producer.rung == 1  # type: ignore[attr-defined]


def test_a_closed_edge_releases_what_lies_on_it() -> None:
    ledger = Ledger()
    wire = edge("a", "primary")
    ticket = ledger.issue(0)
    wire.put(Frame(1), (ticket,), 0)
    ticket.release()
    wire.close("stop")
    assert ledger.settled == 1
    assert wire.statistics().dropped == {"stop": 1}
    put(wire, 2)
    assert not wire.entries
