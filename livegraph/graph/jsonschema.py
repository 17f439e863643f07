"""The JSON Schema of graph files: the grammar, with the ports and parameters of every installed node in it.

Draft 7, which editors' YAML servers speak best. It helps a writer; the checks are `load_plan`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from livegraph.errors import PluginError
from livegraph.graph import schema as grammar
from livegraph.graph.parameters import takes_fractions
from livegraph.graph.references import NAME
from livegraph.node import Node
from livegraph.params import Params, flag
from livegraph.registry import Registry
from livegraph.types import EdgeKind, JoinKind, OnError

Schema = dict[str, Any]

VARIABLE: Schema = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}
SPAN: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
DURATION: Schema = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
    "description": "seconds, or a text such as 200ms, 2s, 1m",
}


def json_schema(registry: Registry) -> Schema:
    """For editors: `# yaml-language-server: $schema=livegraph.schema.json`. Nodes that cannot be loaded are named, but
    their parameters stay open.
    """
    definitions: dict[str, Schema] = {"reference": _reference(), "edge": _edge(), "feed": _feed()}
    definitions["node"] = _node(registry, definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "livegraph graph file",
        "type": "object",
        "required": ["livegraph", "nodes"],
        "additionalProperties": False,
        "properties": {**_top(), "controllers": _controllers(registry, definitions)},
        "definitions": definitions,
    }


def _top() -> dict[str, Schema]:
    text: Schema = {"type": "string"}
    return {
        "livegraph": {"const": grammar.VERSION, "description": "the version of the file format"},
        "name": {**text, "description": "what the graph is called; the file's name unless said"},
        "mode": {
            "enum": list(grammar.MODES),
            "default": "auto",
            "description": "live keeps up with time and drops what comes too late; offline renders every frame; "
            "auto: live if any gated source is live",
        },
        "nodes": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{NAME.pattern}$"},
            "additionalProperties": {"$ref": "#/definitions/node"},
        },
        "controls": {
            "type": "object",
            "additionalProperties": {"anyOf": [text, _control()]},
            "description": "the public face: a few named knobs, each `node.parameter`",
        },
        "presets": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "name -> values of controls or of `node.parameter`, set together",
        },
        "latency_budget": {**DURATION, "description": "refuse the graph if its nodes hold frames back for longer"},
        "deadline": {**DURATION, "description": "live: a frame older than this is dropped before costly nodes"},
        "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "of everything random in the graph"},
    }


def _controllers(registry: Registry, definitions: dict[str, Schema]) -> Schema:
    properties: dict[str, Schema] = {}
    for name, spec in registry.controllers().items():
        try:
            model = registry.controller(name).Params
        except PluginError:
            continue
        definitions[f"controller.{name}"] = _params(model, f"controller.{name}", definitions)
        properties[name] = {
            "anyOf": [{"type": "null"}, {"$ref": f"#/definitions/controller.{name}"}],
            "description": spec.summary,
        }
    return {
        "type": "object",
        "properties": properties,
        "description": "control surfaces: each by its name, with its parameters",
    }


def _control() -> Schema:
    return _object({"target": {"type": "string"}, "range": SPAN}, ["target"])


def _feed() -> Schema:
    options: dict[str, Schema] = {
        "from": {"type": "string", "description": "a Signal output"},
        "range": {**SPAN, "description": "where the signal's 0 and 1 come to lie"},
        "smooth": {**DURATION, "description": "time constant of a low-pass"},
    }
    return _object(options, ["from"])


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": dict(properties),
    }


def _reference() -> Schema:
    target: Schema = {"type": "string", "description": "`node`, or `node.port`"}
    options: dict[str, Schema] = {
        "from": target,
        "join": {"enum": list(get_args(JoinKind)), "description": "how it meets the node's first input"},
        "edge": {"$ref": "#/definitions/edge"},
        "optional": {"type": "boolean", "description": "the node runs without this input"},
        "wait": {**DURATION, "description": "how long a live join may wait for it"},
        "max_age": {**DURATION, "description": "a held value that is older counts as absent"},
        "tolerance": {**DURATION, "description": "the reach of join: nearest"},
    }
    return {"anyOf": [target, _object(options, ["from"])]}


def _edge() -> Schema:
    policy: Schema = {"enum": list(get_args(EdgeKind))}
    count: Schema = {"type": "integer", "minimum": 1}
    return {"anyOf": [policy, _object({"policy": policy, "capacity": count, "max_bytes": count}, [])]}


def _node(registry: Registry, definitions: dict[str, Schema]) -> Schema:
    """`use` decides which ports and parameters there are; a type that is not installed here is no error."""
    types = registry.nodes()
    properties: dict[str, Schema] = {
        "use": {"type": "string", "anyOf": [{"enum": list(types)}, {"pattern": r"^[^.]+\.[^.]+$"}]},
        "in": {},
        "params": {"type": "object"},
        "on_error": {"enum": list(get_args(OnError)), "description": "default: restart live, stop offline"},
        "timeout": {**DURATION, "description": "after which a call counts as hung"},
    }
    cases = []
    for name, spec in types.items():
        try:
            cls = registry.node(name)
        except PluginError:
            continue
        definitions[name] = _params(cls.Params, name, definitions)
        then: Schema = {"properties": {"params": {"$ref": f"#/definitions/{name}"}, "in": _inputs(cls)}}
        if "required" in definitions[name]:
            then["required"] = ["params"]
        then["description"] = spec.summary
        cases.append({"if": {"required": ["use"], "properties": {"use": {"const": name}}}, "then": then})
    return {**_object(properties, ["use"]), **({"allOf": cases} if cases else {})}


def _inputs(cls: type[Node]) -> Schema | bool:
    reference: Schema = {"$ref": "#/definitions/reference"}
    if not cls.inputs:
        return False
    ports = {
        port.name: {"allOf": [reference], "description": f"{port.type.name}. {port.doc}".strip()}
        for port in cls.inputs.values()
    }
    return {"anyOf": [reference, {"type": "object", "additionalProperties": False, "properties": ports}]}


def _params(model: type[Params], name: str, definitions: dict[str, Schema]) -> Schema:
    """A node's parameters; each may also come from the environment, and live numbers from a signal."""
    made = model.model_json_schema(ref_template=f"#/definitions/{name}.{{model}}")
    for inner, definition in made.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    properties = {
        field: _setting(shape, wired=bool(flag(model, field, "live")) and takes_fractions(info.annotation))
        for (field, shape), info in zip(made.get("properties", {}).items(), model.model_fields.values(), strict=True)
    }
    return {**{key: value for key, value in made.items() if key != "title"}, "properties": properties}


def _setting(shape: Schema, *, wired: bool) -> Schema:
    outer: Schema = {key: shape[key] for key in ("description", "default") if key in shape}
    inner = {key: value for key, value in shape.items() if key not in ("description", "default", "title")}
    others = [VARIABLE]
    if wired:
        others.append({"$ref": "#/definitions/feed"})
    return {**outer, "anyOf": [inner, *others]}
