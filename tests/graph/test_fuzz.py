"""Whatever a file holds: a plan, or GraphError. Never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from livegraph import GraphError
from livegraph.graph import EdgePlan, Plan, load_plan, plan_graph
from livegraph.registry import Registry
from livegraph.types import Mode

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


STEPS: Mapping[str, tuple[str, ...]] = {
    "t.filter": ("video",),
    "t.luma": ("video",),
    "t.rgb": ("video",),
    "t.chunk": ("video",),
    "t.lag": ("video",),
    "core.delay": ("video",),
    "core.convert": ("video",),
    "t.mix": ("video", "other"),
    "t.echo": ("video", "previous"),
    "t.style": ("video", "style"),
}
SINKS = ("t.show", "t.null", "t.preview", "t.record")


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Graphs that mostly hold together: sources first, every step fed by something before it (rarely by itself)."""
    nodes: dict[str, Any] = {"s0": {"use": draw(st.sampled_from(["t.camera", "t.file"]))}}
    if draw(st.booleans()):
        nodes["s1"] = {"use": draw(st.sampled_from(["t.camera", "t.file"]))}
    for index in range(draw(st.integers(1, 6))):
        use = draw(st.sampled_from(list(STEPS)))
        before = list(nodes)
        nodes[f"n{index}"] = {
            "use": use,
            "in": {port: draw(wires(before, first=port == "video")) for port in STEPS[use]},
        }
    for index in range(draw(st.integers(1, 3))):
        use = draw(st.sampled_from(SINKS))
        sink = nodes[f"e{index}"] = {"use": use, "in": {"video": draw(st.sampled_from(list(nodes)))}}
        if use == "t.record":
            sink["params"] = {"path": "x"}
    return {"livegraph": 1, "nodes": nodes}


@st.composite
def wires(draw: st.DrawFn, before: list[str], *, first: bool) -> Any:
    reference: dict[str, Any] = {"from": draw(st.sampled_from(before)), "optional": True}
    if not first and draw(st.integers(0, 4)) == 0:
        reference["join"] = draw(st.sampled_from(["exact", "hold", "nearest"]))
    if draw(st.integers(0, 6)) == 0:
        reference["edge"] = draw(st.sampled_from(["attached", "latest", "drop_oldest"]))
    return reference


def try_to_load(document: Any, registry: Registry, **options: Any) -> Plan | None:
    try:
        plan = plan_graph(document, registry=registry, env={"X": "2"}, **options)
    except GraphError as error:
        assert error.problems
        return None
    check_plan(plan)
    return plan


def check_plan(plan: Plan) -> None:
    """What the runtime relies on."""
    seen: set[str] = set()
    for node in plan.nodes:
        assert (node.kind == "source") == (not node.inputs)
        assert [edge.role == "primary" for edge in node.inputs] == [index == 0 for index in range(len(node.inputs))]
        assert node.leads in plan.by_id and plan.by_id[node.leads].kind == "source"
        for edge in node.inputs:
            assert edge.src.node in (plan.by_id if edge.role == "feedback" else seen)
            check_edge(plan, edge)
        seen.add(node.id)


def check_edge(plan: Plan, edge: EdgePlan) -> None:
    source, node = plan.by_id[edge.src.node], plan.by_id[edge.dst]
    allowed = {"primary": {"attached", "latest", "drop_oldest"}, "exact": {"attached", "latest", "drop_oldest"}}
    assert edge.policy in allowed.get(edge.role, {"history"})
    assert edge.policy != "attached" or (source.attached and node.attached)
    assert plan.mode == "live" or edge.policy in ("attached", "history")
    assert edge.format == source.formats[edge.src.port]
    if node.attached and plan.mode == "live" and edge.role == "primary":
        assert edge.policy == "attached"
        assert plan.by_id[node.leads].gated


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(graphs(), st.sampled_from([None, "live", "offline"]))
def test_graphs_that_mostly_hold_together(registry: Registry, document: Any, mode: Mode | None) -> None:
    event("a plan" if try_to_load(document, registry, mode=mode) else "refused")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(graphs(), st.data())
def test_graphs_with_one_thing_wrong(registry: Registry, document: Any, data: st.DataObject) -> None:
    place = document
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(list(place)))
        if not isinstance(place[key], dict) or data.draw(st.integers(0, 2)) == 0:
            place[key] = data.draw(junk)
            break
        place = place[key]
    try_to_load(document, registry)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
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
