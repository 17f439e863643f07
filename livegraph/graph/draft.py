"""A graph on its way to a plan: steps and wires that the checks fill in, one pass after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from livegraph.declare import InPort
from livegraph.graph.document import Value
from livegraph.graph.plan import NodeKind, Policy, PortRef, Role, Shape
from livegraph.graph.problems import Place, Problems
from livegraph.graph.references import Reference
from livegraph.graph.schema import GraphFile, NodeEntry
from livegraph.memory import MemoryNeed
from livegraph.node import Cadence, Function, Node, Sink, Source
from livegraph.params import Params
from livegraph.types import Mode, PixelFormat, Size


@dataclass(slots=True, eq=False)
class Wire:
    """From an output to an input port, or (`declared` is None) to the parameter named `port`."""

    src: PortRef
    dst: str
    port: str
    said: Reference
    declared: InPort | None
    role: Role = "primary"
    policy: Policy = "attached"
    capacity: int = 8
    max_bytes: int = 256 << 20
    delay_frames: int = 0
    format: PixelFormat | None = None

    @property
    def optional(self) -> bool:
        if self.said.optional is not None:
            return self.said.optional
        return self.declared is None or self.declared.optional


@dataclass(slots=True, eq=False)
class Step:
    """A node: what the file says, and what has been found out about it. `wires` has the primary first."""

    entry: NodeEntry
    cls: type[Node]
    params: Params
    given: Mapping[str, Value]
    """What the parameters were made of."""
    cadence: Cadence = field(default_factory=Cadence)
    wires: list[Wire] = field(default_factory=list)
    functions: dict[str, str] = field(default_factory=dict)
    wired_functions: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    streamed: bool = False
    """A Function to whose inputs frames come."""
    formats: dict[str, PixelFormat] = field(default_factory=dict)
    lead: str = ""
    attached: bool = True
    gated: bool = True
    size_hint: Size | None = None
    memory: tuple[MemoryNeed, ...] = ()

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def place(self) -> Place:
        return self.entry.place

    @property
    def kind(self) -> NodeKind:
        if issubclass(self.cls, Source):
            return "source"
        if self.is_function:
            return "function"
        return "sink" if issubclass(self.cls, Sink) else "node"

    @property
    def is_function(self) -> bool:
        """Computed at the pts of whoever reads it; not where frames come to it: then it is a node that answers them."""
        return issubclass(self.cls, Function) and not self.streamed

    def read_functions(self) -> list[str]:
        """The functions that its inputs and parameters follow."""
        return [*self.functions.values(), *self.wired_functions.values()]

    def primary(self) -> Wire | None:
        return next((wire for wire in self.wires if wire.role == "primary"), None)


@dataclass(slots=True)
class Draft:
    """`missing`: nodes of the file that could not be read or found; problems that follow from that are not told."""

    file: GraphFile
    problems: Problems
    steps: dict[str, Step] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    mode: Mode = "live"
    sound: bool = True
    """Every wire has two ends that fit: what follows from the wiring can be worked out."""

    def wires(self) -> Iterator[Wire]:
        for step in self.steps.values():
            yield from step.wires

    def consumers(self, node: str) -> list[Wire]:
        return [wire for wire in self.wires() if wire.src.node == node]

    def order(self) -> list[Step]:
        """Topological, feedback aside; where the wiring leaves it open, as in the file."""
        rank = {name: index for index, name in enumerate(self.steps)}
        names = nx.lexicographical_topological_sort(self.flow(), key=rank.__getitem__)
        return [self.steps[name] for name in names]

    def flow(self) -> nx.DiGraph[str]:
        """Nodes and wires without feedback."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.steps)
        graph.add_edges_from((wire.src.node, wire.dst) for wire in self.wires() if wire.role != "feedback")
        for step in self.steps.values():
            graph.add_edges_from((name, step.id) for name in step.read_functions())
        return graph

    def refuse(
        self, place: Place, message: str, *, node: str | None = None, port: str | None = None, hint: str | None = None
    ) -> None:
        """A problem after which the wiring is not sound."""
        self.sound = False
        self.problems.add(place, message, node=node, port=port, hint=hint)

    def ask(self, step: Step, question: str, default: Any, *more: Any) -> Any:
        """Call a class method of a node with its parameters and what `more` it takes; a plugin that fails there is a
        problem of the graph.
        """
        try:
            return getattr(step.cls, question)(step.params, *more)
        except Exception as error:  # the plugin's own code: told, with its name, as a problem
            self.problems.add(
                step.entry.use_place,
                f"{step.entry.use} failed in {question}: {type(error).__name__}: {error}",
                node=step.id,
            )
            return default
