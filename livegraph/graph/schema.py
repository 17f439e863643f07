"""The grammar of a graph file: from a document to entries that know their place. Nothing here knows a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast, get_args

from livegraph.graph.document import Value
from livegraph.graph.problems import NOWHERE, Place, Problems
from livegraph.graph.reader import Reader
from livegraph.graph.references import NAME, Reference, duration_in, read_inputs
from livegraph.types import OnError

VERSION = 1
GRAPH_KEYS = (
    "livegraph", "name", "mode", "nodes", "controls", "presets", "controllers", "latency_budget", "deadline", "seed",
)  # fmt: skip
NODE_KEYS = ("use", "in", "params", "on_error", "timeout")
CONTROL_KEYS = ("target", "range")
MODES = ("live", "offline", "auto")


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node as written. `inputs`: port -> reference; the port is empty where the file leaves it to the node.
    `garbled`: ports whose reference could not be read.
    """

    id: str
    place: Place
    use: str
    use_place: Place
    inputs: Mapping[str, Reference] = field(default_factory=dict)
    input_places: Mapping[str, Place] = field(default_factory=dict)
    garbled: frozenset[str] = frozenset()
    params: Value = field(default_factory=lambda: Value({}))
    on_error: OnError | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class ControlEntry:
    name: str
    place: Place
    target: str
    range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """A control surface as written."""

    name: str
    place: Place
    params: Value


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A graph as written; `broken` names nodes that are there but could not be read."""

    name: str = ""
    mode: str = "auto"
    nodes: Mapping[str, NodeEntry] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    controls: Mapping[str, ControlEntry] = field(default_factory=dict)
    presets: Mapping[str, Value] = field(default_factory=dict)
    preset_places: Mapping[str, Place] = field(default_factory=dict)
    controllers: Mapping[str, ControllerEntry] = field(default_factory=dict)
    latency_budget_ns: int | None = None
    budget_place: Place = NOWHERE
    deadline_ns: int | None = None
    seed: int = 0
    place: Place = NOWHERE


def read_graph(document: Value, problems: Problems) -> GraphFile | None:
    """The entries of a document; what is wrong with them goes to `problems`. None where there is no reading on."""
    reader = Reader(problems)
    if not isinstance(document.data, Mapping):
        reader.complain(
            document, f"a graph file is a mapping (name: value), got {document.shown()}", "Begin with `livegraph: 1`."
        )
        return None
    if not _version_fits(document, reader):
        return None
    top = reader.mapping(document, "the graph", GRAPH_KEYS) or {}
    nodes, broken = _nodes(document, reader)
    return GraphFile(
        name=(reader.text(top["name"], "name") if "name" in top else None) or "",
        mode=(reader.choice(top["mode"], "mode", MODES) if "mode" in top else None) or "auto",
        nodes=nodes,
        broken=broken,
        controls=_controls(top["controls"], reader) if "controls" in top else {},
        presets=_presets(top["presets"], reader) if "presets" in top else {},
        preset_places=top["presets"].keys if "presets" in top else {},
        controllers=_controllers(top["controllers"], reader) if "controllers" in top else {},
        latency_budget_ns=duration_in(top, "latency_budget", reader),
        budget_place=top["latency_budget"].place if "latency_budget" in top else NOWHERE,
        deadline_ns=duration_in(top, "deadline", reader),
        seed=(reader.integer(top["seed"], "seed", 0) if "seed" in top else None) or 0,
        place=document.place,
    )


def _version_fits(document: Value, reader: Reader) -> bool:
    version = document.data.get("livegraph")
    if version is None:
        reader.complain(document, "the key livegraph is missing", f"Begin the file with `livegraph: {VERSION}`.")
        return True
    if version.data == VERSION and not isinstance(version.data, bool):
        return True
    reader.complain(version, f"this livegraph reads graph files of version {VERSION}, got {version.shown()}")
    return False


def _nodes(document: Value, reader: Reader) -> tuple[dict[str, NodeEntry], frozenset[str]]:
    value = document.data.get("nodes")
    if value is None or value.data is None or value.data == {}:
        reader.complain(
            value or document, "the graph has no nodes", "List at least a source and a sink under `nodes:`."
        )
        return {}, frozenset()
    found: dict[str, NodeEntry] = {}
    broken: set[str] = set()
    for name, entry in (reader.mapping(value, "nodes") or {}).items():
        place = value.keys.get(name, value.place)
        if not NAME.fullmatch(name):
            reader.problems.add(
                place, f"{name!r} is no name for a node", hint="Use letters, digits, - and _, and begin with a letter."
            )
        read = _node(name, place, entry, Reader(reader.problems, name))
        if read is None:
            broken.add(name)
        else:
            found[name] = read
    return found, frozenset(broken)


def _node(name: str, place: Place, value: Value, reader: Reader) -> NodeEntry | None:
    entry = reader.mapping(value, "a node", NODE_KEYS)
    if entry is None:
        return None
    if "use" not in entry:
        reader.problems.add(place, "the key use is missing", node=name, hint="Write `use: plugin.node`.")
        return None
    use = reader.text(entry["use"], "use")
    inputs, garbled = read_inputs(entry["in"], reader) if "in" in entry else ({}, frozenset())
    params = _params(entry, reader)
    timeout_ns = duration_in(entry, "timeout", reader)
    on_error = reader.choice(entry["on_error"], "on_error", get_args(OnError)) if "on_error" in entry else None
    if use is None:
        return None
    return NodeEntry(
        id=name,
        place=place,
        use=use,
        use_place=entry["use"].place,
        inputs=inputs,
        input_places=entry["in"].keys if "in" in entry else {},
        garbled=garbled,
        params=params,
        on_error=cast("OnError | None", on_error),
        timeout_s=timeout_ns / 1e9 if timeout_ns is not None else None,
    )


def _params(entry: Mapping[str, Value], reader: Reader) -> Value:
    params = entry.get("params")
    if params is None or params.data is None:
        return Value({})
    return params if reader.mapping(params, "params") is not None else Value({})


def _controls(value: Value, reader: Reader) -> dict[str, ControlEntry]:
    found: dict[str, ControlEntry] = {}
    for name, entry in (reader.mapping(value, "controls") or {}).items():
        place = value.keys.get(name, value.place)
        if not NAME.fullmatch(name):
            reader.problems.add(
                place, f"{name!r} is no name for a control", hint="Use letters, digits, - and _, without dots."
            )
        elif (read := _control(name, entry, reader)) is not None:
            found[name] = read
    return found


def _control(name: str, value: Value, reader: Reader) -> ControlEntry | None:
    if not isinstance(value.data, Mapping):
        target = reader.text(value, f"control {name}")
        return ControlEntry(name, value.place, target) if target else None
    entry = reader.mapping(value, f"control {name}", CONTROL_KEYS) or {}
    if "target" not in entry:
        reader.complain(value, f"control {name} lacks the key target", "Write `target: node.parameter`.")
        return None
    target = reader.text(entry["target"], "target")
    span = reader.span(entry["range"], f"control {name}: range", rising=True) if "range" in entry else None
    return ControlEntry(name, entry["target"].place, target, span) if target else None


def _presets(value: Value, reader: Reader) -> dict[str, Value]:
    entries = reader.mapping(value, "presets") or {}
    return {name: entry for name, entry in entries.items() if reader.mapping(entry, f"preset {name}") is not None}


def _controllers(value: Value, reader: Reader) -> dict[str, ControllerEntry]:
    """`osc: {port: 9000}`, or `osc:` with nothing to say."""
    found = {}
    for name, entry in (reader.mapping(value, "controllers") or {}).items():
        params = Value({}) if entry.data is None else entry
        if reader.mapping(params, f"controller {name}") is not None:
            found[name] = ControllerEntry(name, value.keys.get(name, value.place), params)
    return found
