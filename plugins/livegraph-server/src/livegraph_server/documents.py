"""What the API says of a run, as JSON documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livegraph_server.figures import Figures

if TYPE_CHECKING:
    from livegraph.graph.plan import EdgePlan, NodePlan, Plan


def health(figures: Figures) -> dict[str, Any]:
    """The state of a run, what is wrong where it is degraded, and how each node is."""
    nodes = figures.stats.get("nodes", {})
    return {
        "state": figures.health,
        "reasons": dict(figures.troubles),
        "nodes": {id: _condition(node, figures.troubles.get(id)) for id, node in nodes.items()},
    }


def _condition(node: Mapping[str, Any], trouble: str | None) -> dict[str, Any]:
    return {
        "state": node["state"],
        "warm": node["state"] == "running",
        "trouble": trouble,
        "errors": node["errors"],
        "restarts": node["restarts"],
        "status": node.get("status") or {},
    }


def graph(plan: Plan, figures: Figures) -> dict[str, Any]:
    """The plan of a run, its controls with their values, and its live statistics."""
    return {
        "name": plan.name,
        "mode": plan.mode,
        "state": figures.health,
        "reasons": dict(figures.troubles),
        "nodes": [*map(_node, plan.nodes), *({"id": f.id, "type": f.type, "kind": "function"} for f in plan.functions)],
        "edges": [_edge(edge) for edge in plan.edges],
        "controls": _controls(plan, figures.controls),
        "presets": list(plan.presets),
        "stats": figures.stats,
        "machine": figures.machine.document(),
    }


def _node(node: NodePlan) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "kind": node.kind,
        "leads": node.leads,
        "attached": node.attached,
        "formats": dict(node.formats),
    }


def _edge(edge: EdgePlan) -> dict[str, Any]:
    return {
        "id": edge.id,
        "from": str(edge.src),
        "to": f"{edge.dst}.{edge.port}",
        "role": edge.role,
        "policy": edge.policy,
        "format": edge.format,
    }


def _controls(plan: Plan, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that may be seen from outside."""
    return [
        {"name": name, "node": control.node, "parameter": control.param, "range": control.range, "value": values[name]}
        for name, control in plan.controls.items()
        if name in values
    ]
