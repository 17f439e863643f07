"""What a call is given: its frames by port, and the parameters that its pts asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livegraph.frame import Frame
from livegraph.graph.plan import NodePlan
from livegraph.params import Params
from livegraph.runtime.functions import Signals
from livegraph.runtime.host import Host
from livegraph.runtime.join import Fire
from livegraph.runtime.shape import Shaper


class Inputs:
    """The arguments of one node's calls, from what the join gives, computed signals, and parameter versions."""

    def __init__(self, plan: NodePlan, host: Host) -> None:
        self.group = [edge.port for edge in plan.inputs if edge.role in ("primary", "exact", "merge")]
        self._plan = plan
        self._host = host
        self._wired = [edge.port for edge in plan.inputs if edge.wired]
        self._signals = Signals([*plan.functions.values(), *plan.wired_functions.values()], host)
        self._shaper = Shaper(plan)
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
        if self._plan.functions:
            signals = self._signals.at(first.pts_ns)
            inputs |= {port: Frame(first.pts_ns, data=signals[name]) for port, name in self._plan.functions.items()}
        return inputs

    def params(self, first: Fire) -> Params:
        """The snapshot for this pts, with the values of wires laid over it."""
        snapshot = self._host.versions[self._plan.id].at(first.pts_ns)
        if self._plain:
            return snapshot
        signals = self._signals.at(first.pts_ns)
        values: dict[str, Any] = {name: signals[function] for name, function in self._plan.wired_functions.items()}
        for name in self._wired:
            if (held := first.inputs.get(name)) is not None:
                values[name] = held.data
        return self._shaper.laid_over(snapshot, first.pts_ns, values)
