"""YAML -> checked plan. Pure: no event loop, no threads, nothing of the runtime."""

from livegraph.graph.jsonschema import json_schema
from livegraph.graph.latency import PathLatency, latencies
from livegraph.graph.load import load_plan, plan_graph
from livegraph.graph.plan import Control, EdgePlan, FunctionPlan, NodePlan, Plan, PortRef

__all__ = [
    "Control",
    "EdgePlan",
    "FunctionPlan",
    "NodePlan",
    "PathLatency",
    "Plan",
    "PortRef",
    "json_schema",
    "latencies",
    "load_plan",
    "plan_graph",
]
