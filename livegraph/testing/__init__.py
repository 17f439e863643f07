"""For tests of graphs, nodes and plugins: yours as much as ours."""

from livegraph.runtime.clock import Deadlock, VirtualClock, VirtualLoop
from livegraph.testing.diary import Call, Diary
from livegraph.testing.nodes import Collect, ScriptedPlugin, ScriptedSource, ScriptedTwin, Slow, SlowPair
from livegraph.testing.runs import RunResult, run_graph, run_plan, temporary_plugin

__all__ = [
    "Call",
    "Collect",
    "Deadlock",
    "Diary",
    "RunResult",
    "ScriptedPlugin",
    "ScriptedSource",
    "ScriptedTwin",
    "Slow",
    "SlowPair",
    "VirtualClock",
    "VirtualLoop",
    "run_graph",
    "run_plan",
    "temporary_plugin",
]
