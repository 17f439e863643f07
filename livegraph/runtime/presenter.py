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
        self._jumped = False  # in a picture that came too late: the next that is shown follows the jump

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
        self.meter.frames_in += 1
        for ticket in step.tickets:
            ticket.release()
        step = step._replace(tickets=(), jumped=step.jumped or self._jumped)
        if self.host.clock.now_ns() - step.frame.captured_ns > self.host.deadline_ns:
            self.meter.dropped["age"] += 1  # a lookahead that starved gave it up too late: what is shown is fresh
            self._jumped = step.jumped
        else:
            self.host.playout.arrived(step.pts_ns, self.host.run_time_ns - step.pts_ns, jumped=step.jumped)
            self._queue.append(step)
            self._jumped = False

    async def _present(self, now_ns: int) -> None:
        """Show the newest picture that is due; older ones that are due as well come too late."""
        step = self._queue.popleft()
        while self._queue and self._due(self._queue[0]) <= now_ns:
            self.meter.dropped["age"] += 1
            newer = self._queue.popleft()
            step = newer._replace(jumped=newer.jumped or step.jumped)
        await self._fire(step)
        if self._ended:  # closed by the person who watches
            self.host.stop()

    def _let_go(self, cause: str | None) -> None:
        super()._let_go(cause)
        self.meter.lose("stop", len(self._queue))

    def _measure(self, frame: Frame, done: Done) -> None:
        self.meter.called(done.ended_ns - done.began_ns)
        self.meter.age.add(done.began_ns - frame.captured_ns)
