"""The proof of the scheduler's rules: random graphs, random task order, virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, note, settings

from graphs import Case, cases, rising
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, VirtualClock, VirtualLoop

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def play(case: Case) -> tuple[Run, Outcome, ScriptedPlugin]:
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    registry.add(scripted, "test")
    run = Run(plan_graph(case.document, registry=registry))

    async def main(clock: VirtualClock) -> Outcome:
        watching = asyncio.get_running_loop().create_task(watch(run))
        if case.cancel_at_s is not None:
            asyncio.get_running_loop().call_later(case.cancel_at_s, lambda: run.cancel())
        try:
            return await run.main(case.duration_s, clock=clock)
        finally:
            watching.cancel()
            assert not watching.done() or watching.exception() is None, watching.exception()

    loop = VirtualLoop(case.seed)
    try:
        outcome = loop.run_until_complete(main(VirtualClock(loop)))
    finally:
        loop.close()
    return run, outcome, scripted


async def watch(run: Run) -> None:
    """Raises where a gated source stalls: for a second every node has waited, and frames came but none was let in."""
    before: dict[str, tuple[int, int, int]] = {}
    while True:
        await asyncio.sleep(1.0)
        for name, source in run.sources.items():
            gate = source.gate
            if gate is None or not run.opened or run.host.stopping:
                continue
            led = [worker for worker in run.workers.values() if worker.plan.leads == name and worker.plan.attached]
            idle = sum(worker.meter.process.count for worker in led)
            now = (gate.admitted, idle, gate.offered)
            then = before.get(name, now)
            resting = all(worker.wake.waiting for worker in led)
            stalled = resting and now[:2] == then[:2] and now[2] >= then[2] + 2
            assert not stalled, f"{name}: {now} after {then}"
            before[name] = now


def check_always(case: Case, run: Run, outcome: Outcome, scripted: ScriptedPlugin) -> dict[str, Any]:
    stats = outcome.stats
    note(str(stats))
    assert stats["tickets"]["issued"] == stats["tickets"]["settled"]
    for frames in scripted.kept.values():
        assert rising([frame for frame, _ in frames])
    assert all(source.gate is None or source.gate.out == 0 for source in run.sources.values())
    return stats


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(live=True, faults=True))
def test_live_graphs_settle_every_ticket_and_never_stall(case: Case) -> None:
    run, outcome, scripted = play(case)
    stats = check_always(case, run, outcome, scripted)
    deadline = run.host.deadline_ns + 2_000_000_000
    for frames in scripted.kept.values():
        assert all(when - frame.captured_ns <= deadline for frame, when in frames), "a frame older than the deadline"
    if case.cancel_at_s is None:
        for name, source in stats["sources"].items():
            if run.sources[name].gate is not None:
                assert source["offered"] == source["admitted"] + sum(source["dropped"].values())


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(live=True, faults=False))
def test_live_graphs_without_faults_deliver(case: Case) -> None:
    """Where nothing fails, every sink that a source leads gets pictures, at a rate that the slowest node allows."""
    run, outcome, scripted = play(case)
    check_always(case, run, outcome, scripted)
    assert outcome.ok, outcome.error
    for source in run.sources.values():
        if source.gate is not None:
            services = [
                worker.life.node.service_ms / max(worker.plan.cadence.take, 1)
                for worker in run.workers.values()
                if worker.plan.leads == source.plan.id and hasattr(worker.life.node, "service_ms")
            ]
            slowest = max([1000 / source.life.node.fps, *services])
            floor = case.duration_s * 1000 / slowest * 0.25 - 12
            assert source.gate.admitted >= floor, f"{source.gate.admitted} admitted, at least {floor:.0f} expected"


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(live=False, faults=False))
def test_offline_graphs_drop_nothing_and_do_not_depend_on_the_schedule(case: Case) -> None:
    results = []
    for seed in (case.seed, case.seed + 1):
        run, outcome, scripted = play(Case(case.document, seed, 1e9, None))
        stats = check_always(case, run, outcome, scripted)
        assert outcome.ok, outcome.error
        assert not any(sum(edge["dropped"].values()) for edge in stats["edges"].values())
        assert not any(sum(node["dropped"].values()) for node in stats["nodes"].values())
        assert not any(sum(source["dropped"].values()) for source in stats["sources"].values())
        results.append({name: [(f.pts_ns, f.data) for f, _ in kept] for name, kept in scripted.kept.items()})
    assert results[0] == results[1]
