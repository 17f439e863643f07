"""Signals, roles, sizes, latency, pruning: what else a plan must say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livegraph.core.lfo import Lfo
from livegraph.graph import Plan, Shape, latencies

Load = Callable[..., Plan]
Told = Callable[..., list[str]]

SIGNALS = """
nodes:
  camera: {use: t.camera}
  lfo: {use: core.lfo, params: {frequency: 0.5}}
  level: {use: t.level, in: camera}
  soft: {use: t.filter, in: camera, params: {ratio: {from: lfo}, table: {from: here}}}
  style: {use: t.style, in: {video: soft, energy: lfo}}
  other: {use: t.filter, in: style, params: {ratio: {from: level}}}
  window: {use: t.show, in: other}
"""


def test_signals_are_functions_and_never_nodes(load: Load) -> None:
    plan = load(SIGNALS)
    (function,) = plan.functions
    assert (function.id, function.type, function.cls) == ("lfo", "core.lfo", Lfo)
    assert "lfo" not in plan.by_id
    assert plan.by_id["soft"].wired_functions == {"ratio": "lfo"}
    assert plan.by_id["style"].functions == {"energy": "lfo"}
    assert [edge.port for edge in plan.by_id["style"].inputs] == ["video"]


def test_a_node_is_told_which_of_its_ports_have_a_wire(load: Load) -> None:
    plan = load(SIGNALS)
    assert plan.by_id["camera"].wired == {"out"}
    assert plan.by_id["level"].wired == {"video", "out"}
    assert plan.by_id["style"].wired == {"video", "energy", "out"}
    assert plan.by_id["window"].wired == {"video"}


def test_a_mapping_that_a_parameter_takes_itself_is_no_wire(load: Load) -> None:
    assert load(SIGNALS).by_id["soft"].params.table == {"from": "here"}  # type: ignore[attr-defined]


def test_a_streamed_signal_feeds_a_parameter_as_a_held_input(load: Load) -> None:
    plan = load(SIGNALS)
    wire = plan.by_id["other"].inputs[1]
    assert (str(wire.src), wire.port, wire.wired) == ("level.out", "ratio", True)
    assert (wire.role, wire.policy, wire.optional) == ("hold", "history", True)
    assert plan.by_id["camera"].gated
    assert next(edge for edge in plan.edges if edge.dst == "level").policy == "latest"


def test_a_setting_takes_a_wire_off(load: Load) -> None:
    plan = load(SIGNALS, sets=["soft.ratio=0.9"])
    assert plan.by_id["soft"].wired_functions == {}
    assert plan.by_id["soft"].params.ratio == 0.9  # type: ignore[attr-defined]


def test_roles_follow_from_the_lead_unless_said(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  second: {use: t.camera}
  same: {use: t.mix, in: {other: camera, video: camera}}
  across: {use: t.mix, in: {video: same, other: second}}
  said: {use: t.mix, in: {video: across, other: {from: camera, join: nearest, tolerance: 20ms}}}
  window: {use: t.show, in: said}
"""
    )
    roles = {node.id: [(edge.port, edge.role) for edge in node.inputs] for node in plan.nodes if len(node.inputs) > 1}
    assert roles == {
        "same": [("video", "primary"), ("other", "exact")],
        "across": [("video", "primary"), ("other", "hold")],
        "said": [("video", "primary"), ("other", "nearest")],
    }
    assert plan.by_id["said"].inputs[1].tolerance_ns == 20_000_000


def test_two_files_may_be_joined_exactly_offline(load: Load) -> None:
    plan = load(
        """
nodes:
  one: {use: t.file}
  two: {use: t.file}
  mix: {use: t.mix, in: {video: one, other: {from: two, join: exact}}}
  sink: {use: t.null, in: mix}
"""
    )
    assert (plan.mode, plan.by_id["mix"].inputs[1].role) == ("offline", "exact")


def test_the_nearest_wish_is_the_size_hint(load: Load) -> None:
    text = """
nodes:
  camera: {use: t.camera}
  soft: {use: t.filter, in: camera}
  %s
  paint: {use: t.chunk, in: %s}
  window: {use: t.show, in: paint}
"""
    assert load(text % ("", "soft")).by_id["camera"].size_hint == (256, 256)
    resized = load(text % ("resize: {use: t.resize, in: soft}", "resize"))
    assert resized.by_id["camera"].size_hint is None


def test_latency_is_the_slowest_way_to_each_sink(load: Load) -> None:
    plan = load(
        """
latency_budget: 0.25
nodes:
  camera: {use: t.camera, params: {fps: 20}}
  paint: {use: t.chunk, in: camera}
  lag: {use: t.lag, in: paint}
  mix: {use: t.mix, in: {video: camera, other: lag}}
  window: {use: t.show, in: mix}
  plain: {use: t.null, in: camera}
"""
    )
    found = {latency.sink: latency for latency in latencies(plan)}
    assert (found["window"].frames, found["window"].ms) == (5, 250)
    assert [name for name in found["window"].path if ":" not in name] == ["camera", "paint", "lag", "mix", "window"]
    assert found["plain"].frames == 0
    assert plan.latency_budget_ns == 250_000_000


def test_a_budget_that_cannot_be_checked_is_noted(load: Load) -> None:
    plan = load("latency_budget: 1ms\nnodes: {feed: {use: t.feed}, a: {use: t.lag, in: feed}, b: {use: t.null, in: a}}")
    assert plan.notes == ("latency_budget is watched at run time only: the rate of feed is not known yet",)
    assert latencies(plan)[0].ms is None


def test_what_nobody_uses_is_left_out(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  second: {use: t.camera}
  soft: {use: t.filter, in: second}
  lfo: {use: core.lfo}
  window: {use: t.show, in: camera}
"""
    )
    assert [node.id for node in plan.nodes] == ["camera", "window"]
    assert plan.functions == ()
    assert plan.notes == tuple(f"{name} is left out: nothing that runs uses it" for name in ("second", "soft", "lfo"))


def test_an_unavailable_node_on_the_way_to_a_sink_that_is_left_out(load: Load) -> None:
    plan = load("nodes: {camera: {use: t.camera}, a: {use: t.preview, in: camera}, b: {use: t.null, in: camera}}")
    assert [node.id for node in plan.nodes] == ["camera", "b"]


@pytest.mark.parametrize("text", ["{from: level}", "{from: lfo}"])
def test_a_port_may_take_either_kind_of_signal(text: str, load: Load) -> None:
    load(SIGNALS.replace("energy: lfo", f"energy: {text}"))


OF_SIGNALS = """
nodes:
  camera: {use: t.camera}
  level: {use: t.level, in: camera}
  more: {use: core.math, in: {a: less, b: lfo}, params: {op: sum, high: {from: lfo}}}
  less: {use: core.math, in: lfo}
  lfo: {use: core.lfo}
  loud: {use: core.math, in: {a: less, b: level}, params: {op: max, low: {from: level}}}
  soft: {use: t.filter, in: camera, params: {ratio: {from: more, range: [0.9, 0.1], smooth: 200ms}}}
  other: {use: t.filter, in: soft, params: {ratio: {from: loud}}}
  window: {use: t.show, in: other}
"""


def test_a_function_may_read_functions_and_comes_after_them(load: Load) -> None:
    plan = load(OF_SIGNALS)
    assert [function.id for function in plan.functions] == ["lfo", "less", "more"]
    more = plan.functions[2]
    assert (more.kind, more.functions, more.wired_functions) == ("function", {"a": "less", "b": "lfo"}, {"high": "lfo"})
    assert plan.by_id["soft"].wired_functions == {"ratio": "more"}
    assert plan.by_id["soft"].shapes == {"ratio": Shape((0.9, 0.1), 200_000_000)}


def test_a_function_that_frames_come_to_is_a_node_that_holds_nothing_up(load: Load) -> None:
    loud = load(OF_SIGNALS).by_id["loud"]
    assert (loud.kind, loud.attached, loud.functions) == ("node", False, {"a": "less"})
    assert [(edge.port, edge.role, edge.policy) for edge in loud.inputs] == [
        ("b", "primary", "drop_oldest"),
        ("low", "hold", "history"),
    ]


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ("a: {use: core.math, in: b}\n  b: {use: core.math, in: a}", "4:27: node a: a cycle: a -> b -> a"),
        ("a: {use: core.lfo, params: {low: {from: a}}}", "4:3: node a: a cycle: a -> a"),
        (
            "level: {use: t.level, in: camera}\n  a: {use: core.lfo, params: {low: {from: level}}}",
            "node a: parameter low cannot follow level: no frames come to a, which is computed",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused(problems: Told, nodes: str, problem: str) -> None:
    text = "nodes:\n  camera: {use: t.camera}\n  " + nodes
    text += "\n  soft: {use: t.filter, in: camera, params: {ratio: {from: a}}}\n  window: {use: t.show, in: soft}\n"
    lines = problems(text)
    assert len(lines) == 1
    assert problem in lines[0]


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        ("{from: lfo, range: [1]}", "range must be two numbers [low, high], got a list"),
        ("{from: lfo, range: [a, 1]}", "range must be a number, got 'a'"),
        ("{from: lfo, smooth: soon}", "smooth must be a duration such as 0.5 (seconds) or 200ms, got 'soon'"),
        ("{from: lfo, rnage: [0, 1]}", "unknown key 'rnage' in what feeds a parameter. Did you mean range?"),
        ("{from: lfo, join: hold}", "unknown key 'join' in what feeds a parameter"),
    ],
)
def test_what_a_wire_to_a_parameter_cannot_say(problems: Told, wire: str, problem: str) -> None:
    text = f"""
nodes:
  camera: {{use: t.camera}}
  lfo: {{use: core.lfo}}
  soft: {{use: t.filter, in: camera, params: {{ratio: {wire}}}}}
  window: {{use: t.show, in: soft}}
"""
    lines = problems(text)
    assert len(lines) == 1
    assert problem in lines[0]
