"""What the plugin brings. Only names stand here: sockets open when a graph uses the controller."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import ControllerSpec, NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [NodeSpec("osc.signal", "livegraph_osc.signal:OscSignal", "The newest number at an OSC address.")]


@hookimpl
def livegraph_controllers() -> Sequence[ControllerSpec]:
    return [ControllerSpec("osc", "livegraph_osc.controller:Osc", "Parameters over OSC and OSCQuery.")]
