"""Every error that livegraph raises on purpose.

LivegraphError
├── GraphError            the graph file: every problem found, with its place; exit code 2
├── PluginError           a plugin, or a node type, that is not there or cannot be loaded
├── ParamError            a parameter that does not exist, or a value outside its range
├── NodeError             a node failed while the graph ran; exit code 1
│   ├── InputError        what the node was given can never work (no video, no such file): not tried again
│   │   └── ModelError    a model that is not here, or whose files are not what they should be
│   ├── NodeHung          no answer within the node's watchdog time
│   └── DeviceMemoryError the device's memory was not enough
└── Stalled               offline: the graph waits for itself; says who waits for whom
"""

from __future__ import annotations

from dataclasses import dataclass


class LivegraphError(Exception):
    """The root: catch this to catch whatever livegraph raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a graph: where, what, and the way out.

    `line` and `column` count from 1; `hint` offers the nearest right name, or what to do.
    """

    message: str
    line: int | None = None
    column: int | None = None
    node: str | None = None
    port: str | None = None
    hint: str | None = None

    def render(self, file: str) -> str:
        """One line for a person: `cam.yaml:7:12: node wan: port vidio: ...  Did you mean ...?`"""
        place = ":".join(str(part) for part in (file, self.line, self.column) if part is not None)
        where = "".join(f"{kind} {name}: " for kind, name in (("node", self.node), ("port", self.port)) if name)
        return f"{place}: {where}{self.message}" + (f" {self.hint}" if self.hint else "")


class GraphError(LivegraphError):
    """A graph that cannot run; `problems` holds everything that was found, in the order of the file."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(problem.render(file) for problem in problems))


class PluginError(LivegraphError):
    """A plugin, or a node type, that is not installed or cannot be loaded."""


class ParamError(LivegraphError):
    """A parameter that does not exist, or a value that its schema refuses."""


class NodeError(LivegraphError):
    """A node failed while the graph ran."""


class InputError(NodeError):
    """What a node was given can never work: raised by nodes, and never tried again."""


class ModelError(InputError):
    """A model that is not here, cannot be fetched, or whose files are not what they should be; says what to do."""


class NodeHung(NodeError):
    """A call did not return within the node's watchdog time; `stack` says where it hangs."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.stack = stack


class DeviceMemoryError(NodeError):
    """The device ran out of memory."""


class Stalled(LivegraphError):
    """Offline: every node waits for another; the message says who waits for whom."""
