"""A sink that shows pictures as they happen."""

from __future__ import annotations

from collections import deque

from livegraph.frame import Frame
from livegraph.graph.plan import NodePlan
from livegraph.runtime.execute import Done
from livegraph.runtime.host import Host
from livegraph.runtime.join import End, Fire, Pass
from livegraph.runtime.worker import Worker


class Presenter(Worker):
    """A sink that shows pictures as they happen: it accepts each (which settles it), and calls the node when the
    picture is due, evenly spaced although a chunk node gives bursts. While one is overdue, none is accepted: a slow
    sink is felt at the gate.
    """

    def __init__(self, plan: NodePlan, host: Host, lane: int) -> None:
        super().__init__(plan, host, lane)
        self._queue: deque[Fire] = deque()

    async def _work(self) -> None:
        if not self.host.live:
            await super()._work()
            return
        while not self._ended:
            now = self.host.clock.now_ns()
            if self._queue and self._due(self._queue[0]) <= now:
                await self._present(now)
                continue
            step = self.join.next(now)
            if isinstance(step, Fire):
                self._accept(step)
            elif isinstance(step, Pass):
                self._pass(step)
            elif isinstance(step, End) and not self._queue:
                return
            else:
                await self._wait(self._due(self._queue[0]) if self._queue else None)

    def _due(self, step: Fire) -> int:
        return self.host.epoch_ns + step.pts_ns + self.host.playout.offset_ns

    def _accept(self, step: Fire) -> None:
        for ticket in step.tickets:
            ticket.release()
        if self.host.clock.now_ns() - step.frame.captured_ns > self.host.deadline_ns:
            self.meter.dropped["age"] += 1  # a lookahead that starved gave it up too late: what is shown is fresh
        else:
            self.host.playout.arrived(step.pts_ns, self.host.run_time_ns - step.pts_ns)
            self._queue.append(step._replace(tickets=()))

    async def _present(self, now_ns: int) -> None:
        """Show the newest picture that is due; older ones that are due as well come too late."""
        while len(self._queue) > 1 and self._due(self._queue[1]) <= now_ns:
            self._queue.popleft()
            self.meter.dropped["age"] += 1
        await self._fire(self._queue.popleft())
        if self._ended:  # closed by the person who watches
            self.host.stop()

    def _release_fill(self, cause: str) -> None:
        super()._release_fill(cause)
        if self._queue:  # accepted, and never shown
            self.meter.dropped[cause] += len(self._queue)
            self._queue.clear()

    def _measure(self, frame: Frame, done: Done) -> None:
        self.meter.called(done.ended_ns - done.began_ns)
        self.meter.age.add(done.began_ns - frame.captured_ns)
