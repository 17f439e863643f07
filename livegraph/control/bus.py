"""Changes to a running graph: transactions over parameters, validated whole, switched on one source frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from livegraph.errors import ParamError
from livegraph.graph.plan import Plan
from livegraph.params import Params, Versions, changed
from livegraph.registry import nearest


class Bus:
    """The one way to a running graph's parameters. Loop thread only.

    An address is `node.parameter` or the name of a control. A transaction takes effect for the first source frame that
    no node has seen yet, so every node switches on the same frame.
    """

    def __init__(self, plan: Plan, versions: Mapping[str, Versions], lead_pts_ns: Callable[[], int]) -> None:
        self._plan = plan
        self._versions = versions
        self._lead_pts_ns = lead_pts_ns
        self.revision = 0

    def get(self, address: str) -> Any:
        """The newest value, whether frames have reached it or not."""
        node, param = self._resolve(address)
        return getattr(self._versions[node].latest, param)

    def set(self, values: Mapping[str, Any]) -> int:
        """Apply a transaction; returns the new revision. `ParamError`, and nothing applied, if any value is refused."""
        wanted: dict[str, dict[str, Any]] = {}
        for address, value in values.items():
            node, param = self._resolve(address)
            self._check_range(address, value)
            wanted.setdefault(node, {})[param] = value
        snapshots: dict[str, Params] = {}
        for node, fields in wanted.items():
            try:
                snapshots[node] = changed(self._versions[node].latest, fields)
            except ParamError as error:
                raise ParamError(f"node {node}: {error}") from None
        start = self._lead_pts_ns() + 1
        for node, snapshot in snapshots.items():
            self._versions[node].add(start, snapshot)
        self.revision += 1
        return self.revision

    def preset(self, name: str) -> int:
        """Apply a preset of the graph file: a transaction by name."""
        if name not in self._plan.presets:
            raise ParamError(f"no preset {name!r}; there are {', '.join(self._plan.presets) or 'none'}")
        return self.set(self._plan.presets[name])

    def _resolve(self, address: str) -> tuple[str, str]:
        if (control := self._plan.controls.get(address)) is not None:
            return control.node, control.param
        node, _, param = address.partition(".")
        if node in self._versions and param in type(self._versions[node].latest).model_fields:
            return node, param
        known = [
            *self._plan.controls,
            *(f"{n}.{p}" for n, v in self._versions.items() for p in type(v.latest).model_fields),
        ]
        near = nearest(address, known)
        raise ParamError(f"no parameter {address!r}." + (f" Did you mean {near}?" if near else ""))

    def _check_range(self, address: str, value: Any) -> None:
        control = self._plan.controls.get(address)
        if control is None or control.range is None or not isinstance(value, (int, float)):
            return
        low, high = control.range
        if not low <= value <= high:
            raise ParamError(f"control {address}: {value} is outside {low} to {high}")
