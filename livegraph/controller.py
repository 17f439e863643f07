"""Control surfaces: OSC, MQTT, MIDI. They change parameters of a running graph by its doors, and touch no pixels."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from livegraph import params as schema
from livegraph.declare import InPort, OutPort, declare

if TYPE_CHECKING:
    from livegraph.graph.plan import Plan
    from livegraph.runtime.run import Run


class Controller:
    """A control surface of a run. Subclass it, declare parameters with `Param`, write `start` and `close`.

    The graph file names it under `controllers:` with its parameters, which stay as they are during a run. Changes go in
    by `run.door(name)`; what changes from elsewhere is heard with the door's `listen`.
    """

    inputs: ClassVar[Mapping[str, InPort]] = {}
    outputs: ClassVar[Mapping[str, OutPort]] = {}
    Params: ClassVar[builtins.type[schema.Params]] = schema.Params

    params: Any
    run: Run

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare(cls)

    def __init__(self, params: schema.Params, run: Run) -> None:
        self.params = params
        self.run = run

    @classmethod
    def objection(cls, params: Any, plan: Plan) -> str | None:
        """Why it can do nothing with this graph, as far as that is known before it runs: then the graph is refused."""
        return None

    def start(self) -> None:
        """Before the nodes are set up, on a thread of its own; may take a second. An `InputError` says what is wrong,
        and ends the run.
        """

    def close(self) -> None:
        """After the nodes, also where `start` failed; returns within seconds."""

    def status(self) -> Mapping[str, Any]:
        """What it says of itself in the statistics, in JSON's types. From any thread: give what lies ready."""
        return {}


@dataclass(frozen=True, slots=True)
class ControllerPlan:
    """A control surface of a graph, with its checked parameters."""

    name: str
    cls: builtins.type[Controller]
    params: schema.Params
