"""The checked plan: what `load` and `check` make of a graph file, and all that the runtime knows of it.

Plain data. Times are nanoseconds here; graph files speak of seconds.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from livegraph.control.show import SHOW, Show
from livegraph.controller import ControllerPlan
from livegraph.memory import MemoryNeed
from livegraph.node import Cadence, Node
from livegraph.params import Params
from livegraph.types import Mode, OnError, PixelFormat, Size

NodeKind = Literal["source", "node", "sink", "function"]
Role = Literal["primary", "exact", "hold", "nearest", "merge", "feedback"]
Policy = Literal["attached", "latest", "drop_oldest", "history"]


@dataclass(frozen=True, slots=True)
class PortRef:
    """An output port of a node."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """A wire. `role`: how the receiving port meets the node's primary. `policy`: `attached` carries tickets (offline
    bounded and blocking, live bounded by the gate); `latest` and `drop_oldest` are detached and lossy; `history` feeds
    a held input and never blocks live. Offline, every policy is `attached` or `history`, and nothing is lost.

    `delay_frames` (role `feedback`): the port sees the picture of that many primary frames ago (`core.delay` in a
    cycle). `wired`: the input feeds the parameter of this name rather than a port.
    """

    src: PortRef
    dst: str
    port: str
    role: Role
    policy: Policy
    capacity: int = 8
    max_bytes: int = 256 << 20
    format: PixelFormat | None = None
    optional: bool = False
    wait_ns: int | None = None
    max_age_ns: int | None = None
    tolerance_ns: int | None = None
    delay_frames: int = 0
    wired: bool = False

    @property
    def id(self) -> str:
        return f"{self.src}->{self.dst}.{self.port}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a wire makes of a signal on its way to a parameter. `range`: where the signal's 0 and 1 come to lie;
    `smooth_ns`: the time constant of a low-pass.
    """

    range: tuple[float, float] | None = None
    smooth_ns: int = 0


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node that runs. `inputs` has the primary first. `functions`: input port or (wired) parameter -> the function
    that gives its value. `shapes`: wired parameter -> what its wire makes of the signal. `wired`: the ports that have a
    wire, inputs and outputs. `leads`: the source whose frames it works on. `attached`: its work holds that source's
    credits. One of kind `function` is computed at the pts of whoever reads it: no frames, no worker.
    """

    id: str
    type: str
    kind: NodeKind
    cls: builtins.type[Node]
    params: Params
    cadence: Cadence
    on_error: OnError
    inputs: tuple[EdgePlan, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    wired_functions: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    formats: Mapping[str, PixelFormat] = field(default_factory=dict)
    wired: frozenset[str] = frozenset()
    size_hint: Size | None = None
    fps_hint: float | None = None
    attached: bool = True
    leads: str = ""
    timeout_s: float = 10.0
    memory: tuple[MemoryNeed, ...] = ()
    gated: bool = True
    """Sources only: takes credits on a live run (a source that others hold as history does not)."""


@dataclass(frozen=True, slots=True)
class Control:
    """A named knob: `target` is `(node, parameter)`; `range` narrows what the parameter itself allows."""

    name: str
    node: str
    param: str
    range: tuple[float, float] | None = None


BUILT_IN: Mapping[str, Control] = {name: Control(name, SHOW, name) for name in Show.model_fields}
"""The controls that every graph has beside its own."""


@dataclass(frozen=True)
class Plan:
    """A graph that can run. `nodes` are in topological order (feedback edges aside), `functions` too. `show`: the
    built-in controls as the run begins.
    """

    name: str
    mode: Mode
    nodes: tuple[NodePlan, ...]
    functions: tuple[NodePlan, ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    show: Params = field(default_factory=Show)
    controllers: tuple[ControllerPlan, ...] = ()
    latency_budget_ns: int | None = None
    deadline_ns: int | None = None
    notes: tuple[str, ...] = ()
    """What a person should be told: a sink left out, a converter put in."""
    seed: int = 0
    path: str = ""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that came from the environment: to be redacted (`livegraph.graph.redaction`) in all output. `name` and
    `notes` are without them.
    """

    @cached_property
    def by_id(self) -> Mapping[str, NodePlan]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def edges(self) -> tuple[EdgePlan, ...]:
        return tuple(edge for node in self.nodes for edge in node.inputs)

    @property
    def sources(self) -> tuple[NodePlan, ...]:
        return tuple(node for node in self.nodes if node.kind == "source")

    @property
    def sinks(self) -> tuple[NodePlan, ...]:
        return tuple(node for node in self.nodes if node.kind == "sink")


__all__ = ["BUILT_IN", "Control", "EdgePlan", "NodePlan", "Plan", "PortRef", "Shape"]
