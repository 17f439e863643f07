"""What of a running graph may be changed from outside: every knob with its address and its schema."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from livegraph.graph.redaction import REDACTED, Redactor
from livegraph.params import Params, bounds, choices, flag

if TYPE_CHECKING:
    from livegraph.graph.plan import Control, Plan

Kind = Literal["number", "integer", "switch", "choice", "text", "other"]


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob. `address` is `node.parameter`, or the name of a control, whose own range then holds. `rebuild`: a
    change builds the node anew, which takes a moment. `default` is what the run began with; `veiled`: it came from the
    environment, and is not shown.
    """

    address: str
    node: str
    param: str
    kind: Kind
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    unit: str | None = None
    doc: str = ""
    rebuild: bool = False
    control: bool = False
    veiled: bool = False

    @property
    def target(self) -> str:
        """The parameter that it turns: two knobs may turn the same."""
        return f"{self.node}.{self.param}" if self.node else self.param

    @property
    def ranged(self) -> bool:
        """Whether its values can be told as a share of a range."""
        return self.kind in ("number", "integer") and self.low is not None and self.high is not None

    def share(self, value: Any) -> float:
        """Where in its range a value lies, 0..1. `ValueError` where it has none."""
        low, high = self._range()
        return min(max((float(value) - low) / (high - low), 0.0), 1.0) if high > low else 0.0

    def at_share(self, share: float) -> float | int:
        """The value at a share of its range; a share beyond 0..1 is held there. `ValueError` where it has none."""
        low, high = self._range()
        if not math.isfinite(share):
            raise ValueError(f"{share} is no share of a range")
        value = low + (high - low) * min(max(share, 0.0), 1.0)
        return round(value) if self.kind == "integer" else value

    def document(self) -> dict[str, Any]:
        """In JSON's types; what a knob does not have is left out."""
        told = {
            "address": self.address,
            "kind": self.kind,
            "min": self.low,
            "max": self.high,
            "choices": list(self.choices) or None,
            "unit": self.unit,
            "default": REDACTED if self.veiled else self.default,
            "doc": self.doc or None,
            "rebuild": self.rebuild or None,
            "target": self.target if self.control and self.node else None,
        }
        return {key: value for key, value in told.items() if value is not None}

    def _range(self) -> tuple[float, float]:
        if not self.ranged:
            raise ValueError(f"{self.address} has no range")
        assert self.low is not None and self.high is not None
        return self.low, self.high


def knobs_of(plan: Plan, controls: Mapping[str, Control], started: Mapping[str, Params]) -> dict[str, Knob]:
    """By address: the controls first, then every parameter that is not `remote=False`. `started`: what each node began
    with.
    """
    redactor = Redactor(plan.secrets)
    by_target = {knob.address: knob for node, params in started.items() for knob in _of_node(node, params, redactor)}
    named = {}
    for name, control in controls.items():
        knob = by_target.get(f"{control.node}.{control.param}" if control.node else control.param)
        if knob is not None:
            low, high = control.range or (knob.low, knob.high)
            named[name] = replace(knob, address=name, low=low, high=high, control=True)
    return named | {address: knob for address, knob in by_target.items() if address not in named}


def _of_node(node: str, params: Params, redactor: Redactor) -> Iterator[Knob]:
    model = type(params)
    for name, field in model.model_fields.items():
        if not flag(model, name, "remote"):
            continue
        low, high = bounds(model, name)
        default = getattr(params, name)
        yield Knob(
            address=f"{node}.{name}" if node else name,
            node=node,
            param=name,
            kind=kind_of(field.annotation),
            default=default,
            low=low,
            high=high,
            choices=choices(model, name),
            unit=flag(model, name, "unit"),
            doc=field.description or "",
            rebuild=not flag(model, name, "live"),
            veiled=REDACTED in str(redactor.value(default)),
        )


def kind_of(annotation: Any) -> Kind:
    """What a person would turn, flip, choose or type. Optional values count as what they are where they are given."""
    if get_origin(annotation) in (Union, UnionType):
        given = [each for each in get_args(annotation) if each is not NoneType]
        return kind_of(given[0]) if len(given) == 1 else "other"
    if get_origin(annotation) is Literal:
        return "choice"
    kinds: dict[Any, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}
    return kinds.get(annotation, "other")
