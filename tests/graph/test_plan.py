"""Signals, roles, sizes, latency, pruning: what else a plan must say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livegraph.core.lfo import Lfo
from livegraph.graph import Plan, latencies

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
