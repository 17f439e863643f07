"""The collector leaves out what was loaded before the show, until a node is built anew; afterwards all is as it was."""

from __future__ import annotations

import gc

from runtime_support import chain, graph, prepared


def test_it_is_settled_while_a_run_has_the_process_for_itself() -> None:
    before, frozen = gc.get_threshold(), list[int]()
    run, _ = prepared(graph(chain(1.0)))
    outcome = run.execute(0.5, on_tick=lambda stats: frozen.append(gc.get_freeze_count()))
    assert outcome.ok and max(frozen) > 1000
    assert gc.get_freeze_count() == 0 and gc.get_threshold() == before


def test_a_node_that_is_built_anew_makes_it_look_at_everything_again() -> None:
    nodes = chain(1.0)
    nodes["n0"]["params"]["fail"] = 0.3
    frozen: list[int] = []
    run, _ = prepared(graph(nodes))
    outcome = run.execute(1.5, on_tick=lambda stats: frozen.append(gc.get_freeze_count()))
    assert outcome.stats["nodes"]["n0"]["restarts"] >= 1
    assert frozen[-1] == 0


def test_a_run_in_a_loop_of_somebody_elses_leaves_it_alone() -> None:
    from runtime_support import play

    before = gc.get_threshold()
    play(graph(chain(1.0)), 0.5, {0.3: lambda run: seen.append(gc.get_freeze_count())})
    assert seen == [0] and gc.get_threshold() == before


seen: list[int] = []
