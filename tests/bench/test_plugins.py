"""The benches that the plugins of this repository bring: they load, and their graphs hold together."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from livegraph.graph import plan_graph
from livegraph.registry import registry, resolve


@pytest.mark.parametrize("name", ["runtime", "media", "wan"])
def test_each_bench_loads_and_takes_quick(name: str) -> None:
    function = resolve(registry().benches()[name].target)
    assert list(inspect.signature(function).parameters) == ["quick"]
    assert inspect.isgeneratorfunction(function)


def test_the_cores_own_bench_comes_first() -> None:
    assert next(iter(registry().benches())) == "runtime"


def test_the_graph_of_the_wan_bench_is_live() -> None:
    bench = pytest.importorskip("livegraph_wan.bench")
    plan = plan_graph(bench.GRAPH, registry=registry())
    assert plan.mode == "live" and plan.by_id["camera"].size_hint == (256, 256)


def test_the_graph_of_the_media_bench_never_leaves_yuv(tmp_path: Path) -> None:
    sides = pytest.importorskip("livegraph_media.bench.sides", exc_type=ImportError)
    plan = plan_graph(sides.document(tmp_path / "in.mp4", tmp_path / "out.mp4"), registry=registry())
    assert plan.mode == "offline"
    assert {edge.format for edge in plan.edges} == {"yuv420p"}
    assert not [node for node in plan.nodes if node.type == "core.convert"]
