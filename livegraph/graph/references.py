"""References, the wires of a graph file: `node`, `node.port`, or a mapping that says more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from livegraph.graph.document import Value
from livegraph.graph.problems import Place
from livegraph.graph.reader import Reader
from livegraph.types import EdgeKind, JoinKind

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
REFERENCE_KEYS = ("from", "join", "edge", "optional", "wait", "max_age", "tolerance")
EDGE_KEYS = ("policy", "capacity", "max_bytes")


@dataclass(frozen=True, slots=True)
class EdgeEntry:
    """What a reference asks of its wire."""

    policy: EdgeKind | None = None
    capacity: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """`node`, `node.port`, or either with more to say; `port` is empty where only the node is named."""

    node: str
    port: str
    place: Place
    join: JoinKind | None = None
    edge: EdgeEntry = EdgeEntry()
    optional: bool | None = None
    wait_ns: int | None = None
    max_age_ns: int | None = None
    tolerance_ns: int | None = None


def read_inputs(value: Value, reader: Reader) -> tuple[dict[str, Reference], frozenset[str]]:
    """`in: reference`, or `in: {port: reference}`; a mapping with `from` is a reference. Returns what could be read,
    and the ports whose reference could not.
    """
    if isinstance(value.data, Mapping) and "from" not in value.data:
        read = {
            port: read_reference(reference, Reader(reader.problems, reader.node, port))
            for port, reference in value.data.items()
        }
    else:
        read = {"": read_reference(value, reader)}
    found = {port: reference for port, reference in read.items() if reference is not None}
    return found, frozenset(read) - frozenset(found)


def read_reference(value: Value, reader: Reader) -> Reference | None:
    """One reference: text, or a mapping with `from`."""
    if not isinstance(value.data, Mapping):
        target = _target(value, reader)
        return Reference(*target, value.place) if target else None
    entry = reader.mapping(value, "a reference", REFERENCE_KEYS) or {}
    if "from" not in entry:
        reader.complain(value, "the key from is missing", "Write `from: node` or `from: node.port`.")
        return None
    target = _target(entry["from"], reader)
    join = reader.choice(entry["join"], "join", get_args(JoinKind)) if "join" in entry else None
    edge = _edge(entry["edge"], reader) if "edge" in entry else EdgeEntry()
    optional = reader.flag(entry["optional"], "optional") if "optional" in entry else None
    wait, max_age, tolerance = (
        duration_in(entry, key, reader, zero=key == "wait") for key in ("wait", "max_age", "tolerance")
    )
    if target is None:
        return None
    place = entry["from"].place
    return Reference(*target, place, cast("JoinKind | None", join), edge, optional, wait, max_age, tolerance)


def _target(value: Value, reader: Reader) -> tuple[str, str] | None:
    text = value.data
    if isinstance(text, str):
        node, _, port = text.partition(".")
        if NAME.fullmatch(node) and (NAME.fullmatch(port) or "." not in text):
            return node, port
    reader.complain(value, f"a reference is `node` or `node.port`, got {value.shown()}")
    return None


def _edge(value: Value, reader: Reader) -> EdgeEntry:
    kinds = get_args(EdgeKind)
    if not isinstance(value.data, Mapping):
        return EdgeEntry(cast("EdgeKind | None", reader.choice(value, "edge", kinds)))
    entry = reader.mapping(value, "edge", EDGE_KEYS) or {}
    policy = reader.choice(entry["policy"], "policy", kinds) if "policy" in entry else None
    capacity = reader.integer(entry["capacity"], "capacity", 1) if "capacity" in entry else None
    max_bytes = reader.integer(entry["max_bytes"], "max_bytes", 1) if "max_bytes" in entry else None
    return EdgeEntry(cast("EdgeKind | None", policy), capacity, max_bytes)


def duration_in(entries: Mapping[str, Value], key: str, reader: Reader, *, zero: bool = False) -> int | None:
    """Nanoseconds, where the key is there."""
    return reader.duration(entries[key], key, zero=zero) if key in entries else None
