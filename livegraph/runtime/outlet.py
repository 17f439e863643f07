"""The output side of a node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from livegraph.frame import Frame, Ticket
from livegraph.runtime.edge import NEVER, Edge


class Outlet:
    """The output side of a node: its edges by port, with pts that only rise."""

    def __init__(self, ports: Sequence[str]) -> None:
        self.edges: dict[str, list[Edge]] = {port: [] for port in ports}
        self._bounds: dict[str, int] = dict.fromkeys(ports, NEVER)
        self._jumped: set[str] = set()

    def put(self, port: str, frame: Frame, tickets: Sequence[Ticket], now_ns: int) -> bool:
        """False where the pts does not rise: the frame goes nowhere."""
        if frame.pts_ns <= self._bounds[port]:
            return False
        self._bounds[port] = frame.pts_ns
        if self._jumped and port in self._jumped:
            self._jumped.discard(port)
            frame = replace(frame, discontinuity=True)
        for edge in self.edges[port]:
            edge.put(frame, tickets, now_ns)
        return True

    def jump(self, ports: Iterable[str] | None = None) -> None:
        """The next frame of each port, or of these, is the first after a jump in time."""
        self._jumped.update(self.edges if ports is None else ports)

    def advance(self, pts_ns: int, ports: Iterable[str] | None = None) -> None:
        """A Gap at each port, or at these; where it does not rise it says nothing."""
        for port in self._bounds if ports is None else ports:
            if pts_ns > self._bounds[port]:
                self._bounds[port] = pts_ns
                for edge in self.edges[port]:
                    edge.advance(pts_ns)

    def end(self) -> None:
        for edges in self.edges.values():
            for edge in edges:
                edge.end()

    @property
    def full(self) -> bool:
        return any(edge.full for edges in self.edges.values() for edge in edges)

    @property
    def deserted(self) -> bool:
        """There were listeners, and all have ended."""
        every = [edge for edges in self.edges.values() for edge in edges]
        return bool(every) and all(edge.closed for edge in every)
