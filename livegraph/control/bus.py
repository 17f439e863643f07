"""Changes to a running graph: transactions over parameters, validated whole, switched on one source frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from livegraph.control import presets
from livegraph.errors import ParamError
from livegraph.graph.plan import Plan
from livegraph.graph.redaction import REDACTED, Redactor
from livegraph.params import Params, Versions, changed, flag


class Bus:
    """The one way to a running graph's parameters. Loop thread only.

    An address is `node.parameter` or the name of a control. A transaction takes effect for the first source frame that
    no node has seen yet, so every node switches on the same frame.
    """

    def __init__(self, plan: Plan, versions: Mapping[str, Versions], lead_pts_ns: Callable[[], int]) -> None:
        self._plan = plan
        self._versions = versions
        self._lead_pts_ns = lead_pts_ns
        self._redactor = Redactor(plan.secrets)
        self.revision = 0

    def get(self, address: str) -> Any:
        """The newest value, whether frames have reached it or not; what came from the environment, or is declared
        `secret`, as `***`.
        """
        with self._redacted():
            node, param = presets.target(self._plan.controls, address)
            latest = self._node(node).latest
            if param not in type(latest).model_fields:
                raise ParamError(presets.unknown("parameter", address, dict(latest)))
        return REDACTED if flag(type(latest), param, "secret") else self._redactor.value(getattr(latest, param))

    def set(self, values: Mapping[str, Any]) -> int:
        """Apply a transaction; returns the new revision. `ParamError`, and nothing applied, if any value is refused."""
        with self._redacted():
            return self._apply(presets.resolve(self._plan.controls, values))

    def preset(self, name: str) -> int:
        """Apply a preset of the graph file: a transaction by name."""
        with self._redacted():
            return self._apply(presets.preset(self._plan, name))

    @contextmanager
    def _redacted(self) -> Iterator[None]:
        """A refusal repeats nothing that came from the environment."""
        try:
            yield
        except ParamError as error:
            self._redactor.clean(error)
            raise

    def _apply(self, wanted: Mapping[str, Mapping[str, Any]]) -> int:
        snapshots: dict[str, Params] = {}
        for node, fields in wanted.items():
            versions = self._node(node)
            try:
                snapshots[node] = changed(versions.latest, fields)
                self._try_cadence(node, snapshots[node])
            except ParamError as error:
                raise ParamError(f"node {node}: {error}") from None
        start = self._lead_pts_ns() + 1
        for node, snapshot in snapshots.items():
            self._versions[node].add(start, snapshot)
        self.revision += 1
        return self.revision

    def _try_cadence(self, node: str, params: Params) -> None:
        """A node that is to be rebuilt must be able to say what it will take."""
        if node in self._plan.by_id:
            try:
                self._plan.by_id[node].cls.cadence_for(params)
            except Exception as error:  # the plugin's own code
                raise ParamError(str(error)) from None

    def _node(self, name: str) -> Versions:
        if name not in self._versions:
            raise ParamError(presets.unknown("node", name, self._versions))
        return self._versions[name]
