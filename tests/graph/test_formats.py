from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph import AnyPort, ConverterSpec, In, Node, NodeSpec, Out, PixelFormat, Sink, Source, Video, hookimpl
from livegraph.core import plugin as core
from livegraph.graph import Plan, plan_graph
from livegraph.graph.formats import CONVERSION, LESS_LIKED, MADE_OTHERWISE
from livegraph.registry import Registry

Load = Callable[..., Plan]
ALL: tuple[PixelFormat, ...] = get_args(PixelFormat)


def formats(plan: Plan) -> dict[str, PixelFormat | None]:
    return {edge.id: edge.format for edge in plan.edges}


def converters(plan: Plan) -> list[str]:
    return [node.id for node in plan.nodes if node.type == "core.convert"]


def test_a_luma_chain_never_leaves_yuv(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  luma: {use: t.luma, in: camera}
  sink: {use: t.null, in: luma}
"""
    )
    assert formats(plan) == {"camera.out->luma.video": "yuv420p", "luma.out->sink.video": "gray8"}
    assert converters(plan) == []


def test_the_encoder_gets_what_the_decoder_made(load: Load) -> None:
    plan = load(
        """
nodes:
  file: {use: t.file}
  soft: {use: t.filter, in: file}
  record: {use: t.record, in: {video: soft}, params: {path: x}}
"""
    )
    assert set(formats(plan).values()) == {"yuv420p"}
    assert plan.by_id["soft"].formats == {"video": "yuv420p", "out": "yuv420p"}


def test_the_source_makes_what_suits_all_below(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  soft: {use: t.filter, in: camera}
  rgb: {use: t.rgb, in: soft}
  window: {use: t.show, in: rgb}
"""
    )
    assert set(formats(plan).values()) == {"rgb24"}
    assert plan.by_id["camera"].formats == {"out": "rgb24"}


def test_a_window_beside_an_encoder_does_not_cost_it_its_planes(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  one: {use: t.filter, in: camera}
  two: {use: t.filter, in: one}
  window: {use: t.show, in: two}
  record: {use: t.record, in: {video: two}, params: {path: x}}
"""
    )
    assert converters(plan) == ["two.out:rgb24"]
    assert formats(plan)["two.out->record.video"] == "yuv420p"


def test_two_that_need_the_same_share_a_converter(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  luma: {use: t.luma, in: camera}
  one: {use: t.show, in: luma}
  two: {use: t.rgb, in: luma}
  sink: {use: t.null, in: two}
"""
    )
    assert converters(plan) == ["luma.out:rgb24"]
    node = plan.by_id["luma.out:rgb24"]
    assert node.formats == {"video": "gray8", "out": "rgb24"}
    assert [str(edge.src) for edge in plan.edges if edge.dst in ("one", "two")] == ["luma.out:rgb24.out"] * 2
    assert plan.notes == ("luma.out gives gray8: converted to rgb24 for one, two",)
    assert node.params.via == "livegraph.core.convert:gray8_to_rgb24"  # type: ignore[attr-defined]
    assert (node.leads, node.attached) == ("camera", True)


def test_the_best_installed_conversion_is_used(registry: Registry, load: Load) -> None:
    class Fast:
        livegraph_api = "1"

        @hookimpl
        def livegraph_converters(self) -> list[ConverterSpec]:
            return [ConverterSpec("gray8", "rgb24", "fast:convert")]

    registry.add(Fast(), "fast")
    plan = load("nodes: {camera: {use: t.camera}, luma: {use: t.luma, in: camera}, sink: {use: t.show, in: luma}}")
    assert plan.by_id["luma.out:rgb24"].params.via == "fast:convert"  # type: ignore[attr-defined]


def test_a_converter_that_the_graph_asks_for(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  grey: {use: core.convert, in: camera, params: {format: gray8}}
  sink: {use: t.null, in: grey}
"""
    )
    assert plan.by_id["grey"].formats == {"video": "yuv420p", "out": "gray8"}


def test_an_output_like_an_input_that_it_feeds(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  echo: {use: t.echo, in: {video: camera, previous: delay}}
  delay: {use: core.delay, in: echo}
  sink: {use: t.null, in: echo}
"""
    )
    assert set(formats(plan).values()) == {"yuv420p"}


def some_formats() -> st.SearchStrategy[tuple[Any, ...]]:
    return st.permutations(ALL).flatmap(lambda all_: st.integers(1, 3).map(lambda count: tuple(all_[:count])))


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[Literal["own", "like"], int, tuple[Any, ...], tuple[Any, ...]]]:
    """Nodes below a source: the index of what feeds each, what it takes, and what it gives."""
    count = draw(st.integers(1, 4))
    return [
        (
            draw(st.sampled_from(["own", "like"])),
            draw(st.integers(0, index)),
            draw(some_formats()),
            draw(some_formats()),
        )
        for index in range(count)
    ]


def build(tree: Any, first: tuple[Any, ...]) -> tuple[Registry, dict[str, Any]]:
    """A graph of the tree, with a sink that takes anything behind every node."""

    class Start(Source):
        out: Out[Video] = Out(formats=first)

    class End(Sink):
        video: In[AnyPort]

    specs = [NodeSpec("p.start", Start), NodeSpec("p.end", End)]
    nodes: dict[str, Any] = {"n0": {"use": "p.start"}}
    for index, (kind, parent, takes, gives) in enumerate(tree, 1):

        class Step(Node):
            video: In[Video] = In(formats=takes)
            out: Out[Video] = Out(like="video") if kind == "like" else Out(formats=gives)

        specs.append(NodeSpec(f"p.s{index}", Step))
        nodes[f"n{index}"] = {"use": f"p.s{index}", "in": f"n{parent}"}
        nodes[f"e{index}"] = {"use": "p.end", "in": f"n{index}"}

    class Plugin:
        livegraph_api = "1"

        @hookimpl
        def livegraph_nodes(self) -> list[NodeSpec]:
            return specs

    registry = Registry(discover=False)
    registry.add(core, "core")
    registry.add(Plugin(), "p")
    return registry, {"livegraph": 1, "nodes": nodes}


def price(tree: Any, first: tuple[Any, ...], chosen: Any, made: Any) -> int:
    """What a choice costs: `chosen` by input, `made` by output."""
    total = CONVERSION * len(
        {(parent, chosen[i]) for i, (_, parent, _, _) in enumerate(tree) if chosen[i] != made[parent]}
    )
    for index, gives in enumerate([first, *(gives for _, _, _, gives in tree)]):
        rank = gives.index(made[index]) if index == 0 or tree[index - 1][0] == "own" else 0
        total += MADE_OTHERWISE + rank if rank else 0
    return total + sum(LESS_LIKED * takes.index(chosen[i]) for i, (_, _, takes, _) in enumerate(tree))


def least(tree: Any, first: tuple[Any, ...]) -> int:
    """The least that any choice costs, by trying them all."""
    best = 10**9
    roots = {0: first} | {i: gives for i, (kind, _, _, gives) in enumerate(tree, 1) if kind == "own"}
    for chosen in product(*(takes for _, _, takes, _ in tree)):
        for outputs in product(*roots.values()):
            made = dict(zip(roots, outputs, strict=True))
            made |= {i: chosen[i - 1] for i, (kind, _, _, _) in enumerate(tree, 1) if kind == "like"}
            best = min(best, price(tree, first, chosen, made))
    return best


def cost(plan: Plan, tree: Any, first: tuple[Any, ...]) -> int:
    chosen = [plan.by_id[f"n{i}"].formats["video"] for i in range(1, len(tree) + 1)]
    return price(tree, first, chosen, [plan.by_id[f"n{i}"].formats["out"] for i in range(len(tree) + 1)])


@given(trees(), some_formats())
def test_no_choice_of_formats_would_cost_less(tree: Any, first: tuple[Any, ...]) -> None:
    registry, document = build(tree, first)
    plan = plan_graph(document, registry=registry, mode="offline")
    assert cost(plan, tree, first) == least(tree, first)
    for edge in plan.edges:
        assert plan.by_id[edge.src.node].formats[edge.src.port] == edge.format
        assert edge.format in (plan.by_id[edge.dst].cls.inputs[edge.port].formats or ALL)


def test_a_format_that_there_is_not_is_refused() -> None:
    odd: Any = ("nv12",)
    registry, document = build([("own", 0, ALL, ALL)], odd)
    with pytest.raises(Exception, match="names a pixel format 'nv12' that there is not"):
        plan_graph(document, registry=registry)
