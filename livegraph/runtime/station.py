"""A node's place in a run: what sources and all other nodes have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from livegraph.graph.plan import NodePlan
from livegraph.runtime.host import Host
from livegraph.runtime.life import Life
from livegraph.runtime.measure import Meter
from livegraph.runtime.outlet import Outlet
from livegraph.runtime.wake import Wakeup


class Station(ABC):
    """A node with its life, its counters, its wake-up, and its way to those behind it. `lane`: its row in a trace."""

    def __init__(self, plan: NodePlan, host: Host, lane: int) -> None:
        self.plan = plan
        self.host = host
        self.lane = lane
        self.life = Life(plan, host)
        self.meter = Meter()
        self.wake = Wakeup(host.loop, host.progress)
        self.outlet = Outlet(list(plan.cls.outputs))

    async def run(self) -> None:
        """The node's whole life after set-up: until it has nothing more to do, or the run is cancelled."""
        cause: str | None = None
        try:
            await self._live()
        except asyncio.CancelledError:
            cause = "stop"
        except Exception as error:
            self.host.fail(self.plan.id, error)
            cause = "stop"
        finally:
            self.life.ending = True
            self._let_go(cause)
            self.outlet.end()
            await self._close()
            self.host.progress.left()

    @abstractmethod
    def give_up(self) -> None:
        """The node is down for good."""

    @abstractmethod
    async def _live(self) -> None:
        """All its work, to the end of its stream."""

    @property
    @abstractmethod
    def _end_ns(self) -> int:
        """The end of the stream so far, as pts."""

    @abstractmethod
    def _let_go(self, cause: str | None) -> None:
        """It ends, of itself or for a cause: what it still has in hand is released and counted."""

    async def _close(self) -> None:
        self.life.end_pts_ns = self._end_ns
        await self.life.stop()
