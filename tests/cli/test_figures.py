from __future__ import annotations

from typing import Any, get_args

from livegraph.cli.figures import CAUSES, drops, offered, rows
from livegraph.types import DropCause


def test_every_cause_is_explained() -> None:
    assert tuple(CAUSES) == get_args(DropCause)


def test_a_drop_is_counted_once_wherever_it_happened(stats: Any) -> None:
    assert drops(stats) == {"gate": 270, "error": 2, "overflow": 7}
    assert offered(stats) == 369


def test_rows_follow_the_graph_and_find_their_edges(stats: Any) -> None:
    camera, wan, record = rows(stats)
    assert (camera.id, camera.queue, camera.drops, camera.age_ms) == ("camera", None, 270, None)
    assert (wan.queue, wan.drops, wan.bottleneck, wan.restarts) == ((1, 0), 2, True, 1)
    assert (record.queue, record.drops, record.age_ms, record.fps) == ((3, 60), 7, 212.0, 7.9)


def test_figures_that_are_not_known_yet_are_none(stats: Any) -> None:
    stats["nodes"]["wan"]["process_ms"] = {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    stats["sinks"]["record"] |= {"frames": 0}
    _, wan, record = rows(stats)
    assert wan.p50_ms is None
    assert record.age_ms is None


def test_a_converter_between_two_nodes_has_its_own_edges(stats: Any) -> None:
    stats["nodes"]["camera.out:rgb24"] = dict(stats["nodes"]["wan"], dropped={})
    stats["edges"]["camera.out->camera.out:rgb24.video"] = {"capacity": 0, "length": 5, "dropped": {"edge": 4}}
    assert (rows(stats)[-1].queue, rows(stats)[-1].drops) == ((5, 0), 4)
