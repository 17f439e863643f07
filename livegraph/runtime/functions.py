"""Signals that are computed: each function of a graph is set up once, and read by nodes at the pts of their frames."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from livegraph.graph.plan import NodePlan
from livegraph.node import Function
from livegraph.runtime.host import Host
from livegraph.runtime.shape import Shaper


class Signals:
    """The functions that one reader asks, and those that they read, evaluated together.

    The reader has copies of them, made after their set-up: a function may keep state, and gets all its moments in
    order, those at which a parameter of one of them changes too. So what it says depends on the reader's frames and on
    the changes, and on nothing else. Loop thread only.
    """

    def __init__(self, names: Iterable[str], host: Host) -> None:
        self._host = host
        self._readings = {name: _Reading(host.functions[name].plan, host) for name in _needed(names, host)}
        self._pts_ns: int | None = None
        self._values: dict[str, float] = {}

    def at(self, pts_ns: int) -> Mapping[str, float]:
        """By name. Asked with rising pts; for one that has passed the answer is that of the last. The first moment is
        the beginning of the stream, whichever frame asks first.
        """
        if self._pts_ns is None:
            self._evaluate(min(0, pts_ns))
        while (change := self._next_change()) is not None and change <= pts_ns:
            self._evaluate(change)
        if self._pts_ns is not None and self._pts_ns < pts_ns:
            self._evaluate(pts_ns)
        return self._values

    def _next_change(self) -> int | None:
        pending = [each.versions.next_ns for each in self._readings.values()]
        return min((pts for pts in pending if pts is not None), default=None)

    def _evaluate(self, pts_ns: int) -> None:
        values: dict[str, float] = {}
        for name, reading in self._readings.items():
            values[name] = reading.at(pts_ns, values)
        self._pts_ns, self._values = pts_ns, values


class _Reading:
    """One function, as one reader sees it."""

    def __init__(self, plan: NodePlan, host: Host) -> None:
        self.versions = host.versions[plan.id].reader()
        self._plan = plan
        self._host = host
        self._shaper = Shaper(plan)
        self._function: Function | None = None

    def at(self, pts_ns: int, values: Mapping[str, float]) -> float:
        if self._function is None:
            self._function = copy.copy(self._host.functions[self._plan.id].function)
        snapshot = self.versions.at(pts_ns)
        wired = {param: values[name] for param, name in self._plan.wired_functions.items()}
        self._function.params = self._shaper.laid_over(snapshot, pts_ns, wired)
        inputs: dict[str, Any] = {port: values[name] for port, name in self._plan.functions.items()}
        return float(self._function.at(pts_ns, **inputs))


def _needed(names: Iterable[str], host: Host) -> list[str]:
    """These functions and all that they read, each after those that it reads."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            plan = host.functions[name].plan
            for other in [*plan.functions.values(), *plan.wired_functions.values()]:
                visit(other)
            found[name] = None

    for name in names:
        visit(name)
    return list(found)
