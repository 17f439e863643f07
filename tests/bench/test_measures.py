"""That the measurements measure: what does not depend on the machine's speed is asserted, the rest only has to come."""

from __future__ import annotations

from types import SimpleNamespace

from livegraph.bench import copies, endurance, hops
from livegraph.bench.bed import bed, chain
from livegraph.bench.live import seen
from livegraph.bench.scenarios import SCENARIOS, Scenario
from livegraph.frame import Frame


def test_no_payload_is_copied() -> None:
    (figure,) = copies.measure(quick=True)
    assert figure.value == 0 and figure.met


def test_tickets_come_home_over_many_frames() -> None:
    growth, tickets = endurance.measure(quick=True)
    assert growth.unit == "MB"
    assert tickets.value == 0


def test_hops_are_told_for_each_kind_of_node() -> None:
    units = [figure.unit for figure in hops.measure(quick=True)]
    assert units == ["us", "us", "ms"]


def test_every_scenario_is_a_live_graph_on_the_loop_and_on_threads() -> None:
    for scenario in SCENARIOS:
        for threads in (False, True):
            plan = scenario.bed(threads).run.plan
            assert plan.mode == "live"
            types = {node.type for node in plan.nodes}
            assert ("bench.restthread" in types, "bench.rest" in types) == (threads, not threads)


def test_wasted_and_consecutive_are_read_off_the_calls() -> None:
    graph = chain({"before": {"use": "bench.rest"}, "slow": {"use": "bench.rest"}}, {"frames": 1}, "show")
    made = bed(graph)
    made.run.host = _Host()  # type: ignore[assignment]
    made.run._stage = SimpleNamespace(workers={"slow": _Worker()})  # type: ignore[assignment]
    frames = [Frame(pts_ns=n, seq=n, captured_ns=n * 10**9) for n in range(10)]
    made.log.arrived["sink"] = [(frames[n], n * 10**9 + 5 * 10**6) for n in (0, 2, 4, 6, 8)]
    made.log.calls["before"] = [(frames[n],) for n in (0, 2, 4, 5, 6, 8, 9)]
    made.log.calls["slow"] = [(frames[0], frames[1]), (frames[2], frames[4])]
    result = seen(Scenario("test", 30.0, {}, "slow", ("before",)), made, 0.0)
    assert result.fps == 0.5 and result.rate == 0.5
    assert result.age_p95_ms == 5.0
    assert result.wasted == 1 / 6, "frame 5 was worked on in vain; 9 may still be on its way"
    assert result.consecutive == 0.5


def test_a_scenario_that_showed_nothing_meets_no_bar() -> None:
    made = bed(chain({}, {"frames": 1}, "show"))
    made.run.host = _Host()  # type: ignore[assignment]
    made.log.arrived["sink"] = []
    result = seen(SCENARIOS[0], made, 0.0)
    assert result.rate == 0 and result.wasted == 1 and result.age_p95_ms == float("inf")


class _Host:
    epoch_ns = 0


class _Worker:
    """A node that takes a second per frame."""

    class meter:
        class process:
            total_ns, count = 10**9, 1

    class cadence:
        take = 1
