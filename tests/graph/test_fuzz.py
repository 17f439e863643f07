"""Whatever a file holds: a plan, or GraphError. Never a traceback."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livegraph import GraphError
from livegraph.graph import load_plan, plan_graph
from livegraph.registry import Registry

NAMES = ("camera", "a", "b", "c", "sink", "window", "lfo", "delay")
TYPES = (
    "t.camera", "t.file", "t.clip", "t.filter", "t.luma", "t.rgb", "t.chunk", "t.lag", "t.mix", "t.echo", "t.style",
    "t.todepth", "t.split", "t.level", "t.show", "t.record", "t.null", "t.preview", "core.lfo", "core.delay",
    "core.convert", "t.nothing", "acme.gone",
)  # fmt: skip
PORTS = ("video", "other", "previous", "style", "depth", "energy", "sound", "from")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("${X:-1}")
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def or_junk(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs here."""
    return st.integers(0, 30).flatmap(lambda roll: junk if roll == 0 else strategy)


targets = st.sampled_from([*NAMES, "camera.out", "split.mask", "clip.sound", "a.x", "nobody"])
durations = st.sampled_from([0, 1, 0.5, "20ms", "1m", "x", -1])
references = or_junk(
    targets
    | st.fixed_dictionaries(
        {"from": targets},
        optional={
            "join": or_junk(st.sampled_from(["exact", "hold", "nearest", "merge"])),
            "edge": or_junk(
                st.sampled_from(["attached", "latest", "drop_oldest", {"policy": "latest", "capacity": 2}])
            ),
            "optional": or_junk(st.booleans()),
            "wait": durations,
            "tolerance": durations,
        },
    )
)
params = st.dictionaries(
    st.sampled_from(["fps", "ratio", "count", "mode", "table", "taps", "frames", "format", "path", "frequency"]),
    st.sampled_from([1, 3, 0.5, "x", "pair", "gray8", {"from": "lfo"}, [1.0], "${Y}"]) | junk,
    max_size=3,
)
nodes = or_junk(
    st.fixed_dictionaries(
        {"use": or_junk(st.sampled_from(TYPES))},
        optional={
            "in": or_junk(references | st.dictionaries(st.sampled_from(PORTS), references, max_size=3)),
            "params": or_junk(params),
            "on_error": or_junk(st.sampled_from(["skip", "restart", "stop"])),
            "timeout": durations,
        },
    )
)
settings_ = st.dictionaries(st.sampled_from(["k", "camera.fps", "a.ratio", "b.mode", "x.y", "z"]), junk, max_size=3)
documents = st.fixed_dictionaries(
    {"livegraph": or_junk(st.just(1)), "nodes": or_junk(st.dictionaries(st.sampled_from(NAMES), nodes, max_size=8))},
    optional={
        "mode": or_junk(st.sampled_from(["live", "offline", "auto"])),
        "controls": or_junk(
            st.dictionaries(st.just("k"), st.sampled_from(["a.ratio", "a", "b.x", {"target": "a.count"}]))
        ),
        "presets": or_junk(st.dictionaries(st.sampled_from(["p", "q"]), settings_)),
        "latency_budget": durations,
        "seed": or_junk(st.integers(0, 9)),
    },
)


def try_to_load(document: Any, registry: Registry, **options: Any) -> None:
    try:
        plan = plan_graph(document, registry=registry, env={"X": "2"}, **options)
    except GraphError as error:
        assert error.problems
        for problem in error.problems:
            assert "\n" not in problem.render("graph") or any("\n" in str(value) for value in [document, options])
    else:
        for node in plan.nodes:
            assert all(edge.src.node in plan.by_id for edge in node.inputs)
            assert node.kind == "source" or node.inputs[0].role == "primary"
            assert plan.mode == "live" or all(edge.policy in ("attached", "history") for edge in node.inputs)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(documents, st.sampled_from([None, "p"]), st.lists(st.sampled_from(["a.ratio=1", "k=2", "x=", "b.mode=[1"])))
def test_documents(registry: Registry, document: Any, preset: str | None, sets: list[str]) -> None:
    try_to_load(document, registry, preset=preset, sets=sets)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | documents.map(lambda data: yaml.safe_dump(data).encode()))
def test_files(registry: Registry, tmp_path: Any, raw: bytes) -> None:
    path = tmp_path / "graph.yaml"
    path.write_bytes(raw)
    try:
        load_plan(path, registry=registry, env={})
    except GraphError as error:
        assert error.problems
