"""Controls and presets as values of node parameters: `{node: {parameter: value}}`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from livegraph.errors import ParamError
from livegraph.registry import nearest
from livegraph.wording import there_are

if TYPE_CHECKING:
    from livegraph.graph.plan import Control


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MOST = 500
"""Presets that a run keeps."""


def resolve(controls: Mapping[str, Control], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Values by control name or `node.parameter`. `ParamError` for a control that is not there, or a value outside a
    control's range; that the parameters take the values is for their models to say.
    """
    resolved: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        node, param = target(controls, key)
        if key in controls:
            check_range(controls[key], value)
        resolved.setdefault(node, {})[param] = value
    return resolved


def between(first: Mapping[str, Any], second: Mapping[str, Any], share: float) -> dict[str, Any]:
    """Values on the way from one preset to another. `ParamError` for a share outside of 0..1."""
    if not 0 <= share <= 1:  # NaN is not, either
        raise ParamError(f"a fade goes from 0 to 1 (got {_short(share)})")
    nearer = second if share >= 0.5 else first
    return {**first, **second, **nearer} | {
        key: _mixed(first[key], second[key], share)
        for key in first.keys() & second.keys()
        if is_number(first[key]) and is_number(second[key])
    }


def _mixed(start: float, end: float, share: float) -> float | int:
    value = start + (end - start) * share
    return round(value) if isinstance(start, int) and isinstance(end, int) else value


def is_number(value: Any) -> bool:
    """Whether a value can lie between two others; a switch cannot."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_name(name: str, there: Collection[str]) -> None:
    """`ParamError` unless a preset may be kept by this name."""
    if not NAME.fullmatch(name):
        raise ParamError(f"a preset is named by letters, digits, _ and -, 64 at most (got {name[:80]!r})")
    if name not in there and len(there) >= MOST:
        raise ParamError(f"there are {MOST} presets; no more are kept")


def target(controls: Mapping[str, Control], key: str) -> tuple[str, str]:
    """The node and parameter that a key means: a control, or `node.parameter`."""
    if key in controls:
        return controls[key].node, controls[key].param
    node, _, param = key.partition(".")
    if not param:
        raise ParamError(unknown("control", key, controls))
    return node, param


def check_range(control: Control, value: Any) -> None:
    """Refuse a number outside the range that the graph gives a control."""
    if control.range is None or not isinstance(value, int | float) or isinstance(value, bool):
        return
    low, high = control.range
    if not low <= value <= high:
        raise ParamError(f"{control.name} ranges from {low:g} to {high:g} (got {_short(value)})")


def _short(number: float) -> str:
    """As a person would write it; a whole number may have any length."""
    try:
        return f"{number:g}"
    except OverflowError:
        return "a number of hundreds of digits"


def unknown(what: str, name: str, names: Mapping[str, Any]) -> str:
    """`no preset 'inc'. Did you mean ink?`"""
    near = nearest(name, names)
    hint = f"Did you mean {near}?" if near else there_are(names, none="The graph has none.")
    return f"no {what} {name!r}. {hint}"
