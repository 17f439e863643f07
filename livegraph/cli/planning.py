"""From what a person typed to a checked plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from livegraph.types import Mode

if TYPE_CHECKING:
    from livegraph.graph.plan import Plan

GraphArgument = Annotated[str, typer.Argument(metavar="GRAPH", help="A graph file, or the name of a pipeline.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NODE.PARAM=VALUE", help="Set a parameter, or CONTROL=VALUE a control. May be repeated."
    ),
]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="Begin with one of the graph's presets.")]
ModeOption = Annotated[
    Mode | None,
    typer.Option("--mode", metavar="live|offline", help="live keeps up with time, offline renders every frame."),
]

Controllers = Annotated[
    list[str] | None,
    typer.Option("--controller", metavar="NAME", help="Start a control surface, such as osc. May be repeated."),
]


def plan_for(
    graph: str,
    sets: Sequence[str] | None,
    preset: str | None,
    mode: Mode | None,
    *,
    preview: bool = False,
    controllers: Sequence[str] | None = None,
) -> Plan:
    """The plan, or `GraphError` with everything that is wrong."""
    from livegraph.graph import load_plan
    from livegraph.registry import registry

    if not graph.strip():
        raise typer.BadParameter("the name is empty: a graph file, or the name of a pipeline", param_hint="GRAPH")
    return load_plan(
        graph,
        registry=registry(),
        mode=mode,
        sets=tuple(sets or ()),
        preset=preset,
        preview=preview,
        controllers=tuple(controllers or ()),
    )
