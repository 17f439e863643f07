"""YAML -> checked plan. Pure: no event loop, no threads, nothing of the runtime."""

from livegraph.graph.load import load_plan, plan_graph
from livegraph.graph.plan import Control, EdgePlan, FunctionPlan, NodePlan, Plan, PortRef

__all__ = ["Control", "EdgePlan", "FunctionPlan", "NodePlan", "Plan", "PortRef", "load_plan", "plan_graph"]
