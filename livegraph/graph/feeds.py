"""Wires to parameters: `{from: node}` in place of a value, and what is made of the signal on its way."""

from __future__ import annotations

from dataclasses import dataclass

from livegraph.graph.document import Value
from livegraph.graph.plan import Shape
from livegraph.graph.reader import Reader
from livegraph.graph.references import Reference, duration_in, read_reference

FEED_KEYS = ("from", "range", "smooth")


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds a parameter."""

    reference: Reference
    shape: Shape


def read_feed(value: Value, reader: Reader) -> Feed | None:
    """A mapping with `from`, as a wire."""
    entry = reader.mapping(value, "what feeds a parameter", FEED_KEYS) or {}
    reference = read_reference(entry["from"], reader)
    span = reader.span(entry["range"], "range") if "range" in entry else None
    smooth_ns = duration_in(entry, "smooth", reader, zero=True)
    return Feed(reference, Shape(span, smooth_ns or 0)) if reference is not None else None
