"""The proof of the scheduler's rules: random graphs, random task order, virtual time."""

from __future__ import annotations

import math

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
    """Where nothing fails, frames get in at half the rate that the slowest node allows or more, skipped or not, and
    come out of a chain but for what it skips. (Half: service times vary by up to all of it, and the start tunes. A
    source's second port has no gate, so work behind it says nothing of the first.)
    """
    played = lawful(play(case))
    assert played.outcome.ok, played.outcome.error
    if case.nodes["src"]["use"] == "test.twin":
        return
    for name, source in played.run.sources.items():
        if source.gate is not None:
            floor = 0.5 * allowed(played, name) - 4
            assert source.gate.admitted >= floor, f"{source.gate.admitted} admitted, at least {floor:.0f} expected"
    for sink, kept in played.scripted.kept.items():
        assert len(kept) or not owed(played, sink), f"{sink}: nothing came, {owed(played, sink):.1f} chunks should have"
        nodes = chain(case, sink)
        if nodes and played.run.sources[nodes[-1]].gate is not None and case.nodes[sink]["use"] == "test.collect":
            share = math.prod(1 - case.params(node).get("skip", 0.0) for node in nodes)
            expected = 0.5 * allowed(played, nodes[-1]) * share
            floor = expected - 4 * math.sqrt(expected * (1 - share)) - 6  # four standard deviations, and the ends
            assert len(kept) >= floor, f"{sink}: {len(kept)} shown, at least {floor:.0f} expected"


def allowed(played: Played, source: str) -> float:
    """How many frames the slowest node that a source leads could take in the run's time, or the source give."""
    led = [worker for worker in played.run.workers.values() if worker.plan.leads == source]
    services = [played.case.params(w.plan.id).get("service_ms", 0) / w.plan.cadence.take for w in led]
    return played.case.duration_s * 1000 / max([1000 / played.case.params(source)["fps"], *services])


def owed(played: Played, sink: str) -> float:
    """Behind a chain of plain wires whose nodes skip nothing: how many times over the chunks on the way could have been
    filled, one after another, in a quarter of the time that the slowest leaves for it; 0 where that is not once.
    """
    nodes = chain(played.case, sink, chunks=True)
    if not nodes or played.case.has("restart_pts") or played.run.sources[nodes[-1]].gate is None:
        return 0.0
    if any(played.case.params(node).get("skip") for node in nodes):
        return 0.0
    workers = [played.run.workers[name] for name in nodes[:-1]]
    frames = sum(worker.plan.cadence.take * worker.way.stride + worker.plan.cadence.delay for worker in workers)
    times = 0.25 * allowed(played, nodes[-1]) / max(frames, 1)
    return times if times >= 1 else 0.0


def chain(case: Case, sink: str, *, chunks: bool = False) -> list[str]:
    """The nodes before a sink back to its source; empty where it is no chain of plain wires and single frames (or of
    `chunks` too).
    """
    found = [sink]
    while refs := list(case.nodes[found[-1]].get("in", {}).values()):
        if len(refs) > 1 or not isinstance(refs[0], str) or (case.params(found[-1]).get("take", 1) > 1 and not chunks):
            return []
        found.append(refs[0].partition(".")[0])
    return found[1:]


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
