"""`livegraph nodes`: node types by plugin, or all about one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegraph.cli.output import Json, write_json, write_table

if TYPE_CHECKING:
    from livegraph.declare import InPort, OutPort
    from livegraph.node import Node

SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def nodes(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A node type, such as media.camera.")] = None,
    json: Json = False,
) -> None:
    """List node types, or one node's ports and parameters.

    \b
    livegraph nodes
    livegraph nodes vision.canny
    """
    if name is None:
        _list(json)
    elif json:
        write_json(describe(name))
    else:
        _show(describe(name))


def _list(json: bool) -> None:
    """No node is imported for this: plugins list theirs as data."""
    from livegraph.registry import registry

    known = registry()
    rows = [(kind, spec.summary.partition("\n")[0], known.owner(kind)) for kind, spec in known.nodes().items()]
    if json:
        write_json([{"type": kind, "summary": summary, "plugin": plugin} for kind, summary, plugin in rows])
    else:
        write_table(("node", "what it does"), [row[:2] for row in rows])
        broken = [info for info in known.plugins if info.state != "loaded"]
        for info in broken:
            typer.echo(f"plugin {info.name} is {info.state}: {info.reason}", err=True)


def describe(node_type: str) -> dict[str, Any]:
    """A node's ports and parameters as data; `PluginError` where there is no such node."""
    from livegraph.registry import registry

    known = registry()
    cls = known.node(node_type)
    return {
        "type": node_type,
        "plugin": known.owner(node_type),
        "doc": _doc(cls) or known.nodes()[node_type].summary,
        "inputs": [_input(port, primary=index == 0) for index, port in enumerate(cls.inputs.values())],
        "outputs": [_output(port) for port in cls.outputs.values()],
        "params": [_param(cls, name) for name in cls.Params.model_fields],
    }


def _doc(cls: type[Node]) -> str:
    import inspect

    return inspect.cleandoc(cls.__doc__ or "")


def _input(port: InPort, *, primary: bool) -> dict[str, Any]:
    return {
        "name": port.name,
        "type": port.type.name,
        "formats": list(port.formats),
        "primary": primary,
        "optional": port.optional,
        "join": port.join,
        "doc": port.doc,
    }


def _output(port: OutPort) -> dict[str, Any]:
    return {
        "name": port.name,
        "type": port.type.name,
        "formats": list(port.formats),
        "like": port.like,
        "doc": port.doc,
    }


def _param(cls: type[Node], name: str) -> dict[str, Any]:
    from livegraph.params import choices, flag

    field = cls.Params.model_fields[name]
    return {
        "name": name,
        "type": _type_name(field.annotation),
        "required": field.is_required(),
        "default": None if field.is_required() else field.get_default(call_default_factory=True),
        "limits": _limits(field.metadata),
        "choices": list(choices(cls.Params, name)),
        "unit": flag(cls.Params, name, "unit"),
        "live": bool(flag(cls.Params, name, "live")),
        "remote": bool(flag(cls.Params, name, "remote")),
        "doc": field.description or "",
    }


def _type_name(annotation: Any) -> str:
    from typing import Literal, get_args, get_origin

    if get_origin(annotation) is Literal:
        return "choice"
    if get_args(annotation):
        return str(annotation).replace("typing.", "").replace("NoneType", "None")
    return str(getattr(annotation, "__name__", annotation))


def _show(node: dict[str, Any]) -> None:
    typer.echo(f"{node['type']}  (plugin {node['plugin']})\n\n{node['doc']}\n")
    ports = [("in", port, _input_notes(port)) for port in node["inputs"]]
    ports += [("out", port, f"as {port['like']}" if port["like"] else "") for port in node["outputs"]]
    rows = [
        (port["name"], way, port["type"], ", ".join(port["formats"]), "; ".join(filter(None, (notes, port["doc"]))))
        for way, port, notes in ports
    ]
    write_table(("port", "way", "type", "formats", ""), rows)
    if node["params"]:
        typer.echo("")
        columns = ("parameter", "type", "default", "range", "changes", "what it does")
        write_table(columns, [_param_row(param) for param in node["params"]])
        typer.echo("\nlive: swapped between two frames.  rebuild: the node starts anew with it.")


def _input_notes(port: dict[str, Any]) -> str:
    return ", ".join(name for name in ("primary", "optional") if port[name]) + (
        f", {port['join']}" if port["join"] else ""
    )


def _param_row(param: dict[str, Any]) -> tuple[str, ...]:
    default = "required" if param["required"] else _value(param["default"])
    unit = f" {param['unit']}" if param["unit"] else ""
    changes = "live" if param["live"] else "rebuild"
    return param["name"], param["type"], default + unit, _range(param), changes, param["doc"]


def _limits(rules: Iterable[Any]) -> dict[str, float]:
    """`ge`, `gt`, `le`, `lt` as far as they were declared."""
    found = {sign: getattr(rule, sign, None) for rule in rules for sign in SIGNS if hasattr(rule, sign)}
    return {sign: value for sign, value in found.items() if value is not None}


def _range(param: dict[str, Any]) -> str:
    limits = param["limits"]
    if param["choices"]:
        return " | ".join(map(str, param["choices"]))
    if set(limits) == {"ge", "le"}:
        return f"{limits['ge']:g}..{limits['le']:g}"
    return ", ".join(f"{SIGNS[sign]} {limits[sign]:g}" for sign in SIGNS if sign in limits)


def _value(value: Any) -> str:
    text = str(value) if not isinstance(value, str) else value or '""'
    return text if len(text) <= 32 else text[:31] + "…"
