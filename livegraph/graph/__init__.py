"""YAML -> checked plan. Pure: no event loop, no threads, nothing of the runtime."""

from livegraph.graph.jsonschema import json_schema
from livegraph.graph.latency import PathLatency, latencies
from livegraph.graph.load import load_plan, plan_graph
from livegraph.graph.plan import Control, EdgePlan, NodePlan, Plan, PortRef, Shape

__all__ = [
    "Control",
    "EdgePlan",
    "NodePlan",
    "PathLatency",
    "Plan",
    "PortRef",
    "Shape",
    "json_schema",
    "latencies",
    "load_plan",
    "plan_graph",
]
