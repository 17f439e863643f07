"""`livegraph check`: everything that is wrong with a graph, or else what it will do."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from livegraph.cli.errors import USAGE
from livegraph.cli.output import Json, write, write_json, write_table
from livegraph.cli.planning import GraphArgument, ModeOption, Preset, Sets, plan_for
from livegraph.errors import GraphError
from livegraph.wording import counted

if TYPE_CHECKING:
    from livegraph.graph.plan import EdgePlan, NodePlan, Plan


def check(
    graph: GraphArgument, sets: Sets = None, preset: Preset = None, mode: ModeOption = None, json: Json = False
) -> None:
    """Show what a graph will do, or all that is wrong with it.

    Its nodes in order, wires with pixel formats, converters that were put in, latency, and what nodes will hold in
    memory, with a warning where it is more than there is. Nothing runs. A graph that cannot run ends this with 2, and a
    line for each problem.

    \b
    livegraph check graphs/cam2wan.yaml
    livegraph check my.yaml --mode offline --set wan.prompt="ink on paper"
    """
    if not json:
        _show(plan_for(graph, sets, preset, mode))
        return
    try:
        write_json({"ok": True, **_document(plan_for(graph, sets, preset, mode))})
    except GraphError as error:
        write_json({"ok": False, "file": error.file, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(USAGE) from None


def _document(plan: Plan) -> dict[str, Any]:
    from livegraph.cli.fit import fit_of
    from livegraph.graph.latency import latencies

    return {
        "graph": plan.name,
        "mode": plan.mode,
        "nodes": [_node(node) for node in plan.nodes],
        "functions": [{"id": item.id, "type": item.type, "functions": _read(item)} for item in plan.functions],
        "latency": [asdict(path) for path in latencies(plan)],
        "memory": fit_of(plan).document(),
        "controls": {name: f"{control.node}.{control.param}" for name, control in plan.controls.items()},
        "presets": list(plan.presets),
        "notes": list(plan.notes),
    }


def _node(node: NodePlan) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "kind": node.kind,
        "on_error": node.on_error,
        "attached": node.attached,
        "inputs": [_edge(edge) for edge in node.inputs],
        "functions": _read(node),
        "formats": dict(node.formats),
    }


def _read(node: NodePlan) -> dict[str, str]:
    """By input or parameter, the computed signal that it follows."""
    return {**node.functions, **node.wired_functions}


def _edge(edge: EdgePlan) -> dict[str, Any]:
    return {
        "port": edge.port,
        "from": str(edge.src),
        "role": edge.role,
        "policy": edge.policy,
        "format": edge.format,
        "delay_frames": edge.delay_frames,
        "parameter": edge.wired,
    }


def _show(plan: Plan) -> None:
    from rich.text import Text

    document = _document(plan)
    write(Text.assemble((plan.name, "bold"), f"  {plan.mode}, {len(plan.nodes)} nodes\n"))
    columns = ("node", "type", "input", "format", "join", "edge")
    computed = [{**function, "inputs": []} for function in document["functions"]]
    write_table(columns, [row for node in [*document["nodes"], *computed] for row in _rows(node)])
    typer.echo("")
    for way in document["latency"]:
        typer.echo(f"{way['sink']}: {_latency(way)}")
    _show_memory(plan)
    for note in plan.notes:
        typer.echo(f"note: {note}")
    if plan.controls:
        typer.echo("controls: " + ", ".join(f"{name} ({target})" for name, target in document["controls"].items()))
    if plan.presets:
        typer.echo("presets: " + ", ".join(plan.presets))


def _show_memory(plan: Plan) -> None:
    from livegraph.cli.fit import fit_of

    fit = fit_of(plan)
    if fit.rows:
        typer.echo("")
        write_table(("node", "memory", "holds", "together"), fit.table())
    for warning in fit.warnings:
        typer.echo(f"warning: {warning}")


def _rows(node: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row per input; a source has one too."""
    inputs = [
        (f"{edge['port']} <- {edge['from']}", edge["format"] or "", edge["role"], edge["policy"])
        for edge in node["inputs"]
    ]
    inputs += [(f"{name} <- {function}", "", "function", "") for name, function in node["functions"].items()]
    first, *others = inputs or [("", "", "", "")]
    return [(node["id"], node["type"], *first), *(("", "", *row) for row in others)]


def _latency(way: dict[str, Any]) -> str:
    if not way["frames"]:
        return "no frame is held back by design"
    time = f"{way['ms']:.0f} ms" if way["ms"] is not None else "how long depends on the source's rate"
    return f"{' -> '.join(way['path'])} holds back {counted(way['frames'], 'frame')}, {time}"
