"""The proof of the scheduler's rules: random graphs, random task order, virtual time."""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from laws import breaches
from playing import LONGEST_S, Played, play

from graphs import Case, Kind, cases

LIVE = Kind(live=True, skips=True)
HARD = Kind(live=True, faults=True, deeds=True)
OFFLINE = Kind(live=False)
ROUGH = Kind(live=False, faults=True, deeds=True)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def lawful(played: Played) -> Played:
    note(str(played.stats))
    assert not breaches(played)
    return played


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(HARD))
def test_live_graphs_keep_every_law_whatever_happens(case: Case) -> None:
    lawful(play(case))


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(LIVE))
def test_live_graphs_without_faults_deliver(case: Case) -> None:
    """Where nothing fails, every source gets frames in at a rate that the slowest node allows, skipped or not."""
    played = lawful(play(case))
    assert played.outcome.ok, played.outcome.error
    for source in played.run.sources.values():
        if source.gate is not None:
            services = [
                worker.life.node.service_ms / max(worker.plan.cadence.take, 1)
                for worker in played.run.workers.values()
                if worker.plan.leads == source.plan.id and hasattr(worker.life.node, "service_ms")
            ]
            slowest = max([1000 / source.life.node.fps, *services])
            floor = case.duration_s * 1000 / slowest * 0.25 - 12
            assert source.gate.admitted >= floor, f"{source.gate.admitted} admitted, at least {floor:.0f} expected"


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(OFFLINE))
def test_offline_graphs_drop_nothing_and_do_not_depend_on_the_schedule(case: Case) -> None:
    results = []
    for seed in (case.seed, case.seed + 1):
        played = lawful(play(Case(case.document, seed, LONGEST_S)))
        assert played.outcome.ok, played.outcome.error
        stats = played.stats
        for part in ("edges", "nodes", "sources"):
            assert not any(sum(item["dropped"].values()) for item in stats[part].values())
        kept = played.scripted.kept
        results.append({name: [(frame.pts_ns, frame.data) for frame, _ in kept[name]] for name in kept})
    assert results[0] == results[1]


@settings(settings.get_profile("graphs"), suppress_health_check=SLOW)
@given(cases(ROUGH))
def test_offline_graphs_keep_every_law_whatever_happens(case: Case) -> None:
    lawful(play(case))
