"""What a call is given: its frames by port, and the parameters that its pts asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livegraph.frame import Frame
from livegraph.graph.plan import NodePlan
from livegraph.params import Params, bounds
from livegraph.runtime.host import Host
from livegraph.runtime.join import Fire


class Inputs:
    """The arguments of one node's calls, from what the join gives, computed signals, and parameter versions."""

    def __init__(self, plan: NodePlan, host: Host) -> None:
        self.group = [edge.port for edge in plan.inputs if edge.role in ("primary", "exact", "merge")]
        self._plan = plan
        self._host = host
        self._wired = [edge.port for edge in plan.inputs if edge.wired]
        read = {*plan.functions.values(), *plan.wired_functions.values()}
        self._versions = {function: host.versions[function].reader() for function in read}
        self._plain = not (plan.functions or plan.wired_functions or self._wired)

    def frames(self, steps: Sequence[Fire], *, chunk: bool) -> dict[str, Any]:
        """By port: a Frame, or None where an optional input is absent; of a chunk, a list of them, and held inputs as
        they were at its first frame.
        """
        first = steps[0]
        if self._plain and not chunk:
            return first.inputs
        inputs: dict[str, Any] = {port: frame for port, frame in first.inputs.items() if port not in self._wired}
        if chunk:
            inputs |= {port: [step.inputs[port] for step in steps] for port in self.group}
        for port, function in self._plan.functions.items():
            inputs[port] = Frame(first.pts_ns, data=self._signal(function, first.pts_ns))
        return inputs

    def params(self, first: Fire) -> Params:
        """The snapshot for this pts, with the values of wires laid over it."""
        snapshot = self._host.versions[self._plan.id].at(first.pts_ns)
        if self._plain:
            return snapshot
        values: dict[str, Any] = {
            name: self._signal(function, first.pts_ns) for name, function in self._plan.wired_functions.items()
        }
        for name in self._wired:
            if (held := first.inputs.get(name)) is not None:
                values[name] = held.data
        return clamped(snapshot, values)

    def _signal(self, function: str, pts_ns: int) -> float:
        return self._host.functions[function].at(pts_ns, self._versions[function].at(pts_ns))


def clamped(snapshot: Params, values: dict[str, Any]) -> Params:
    """A copy with other numbers, each held within its parameter's range: a signal may swing further than a knob."""
    if not values:
        return snapshot
    for name, value in values.items():
        low, high = bounds(type(snapshot), name)
        values[name] = min(max(value, low if low is not None else value), high if high is not None else value)
    return snapshot.model_copy(update=values)
