"""A sink that shows pictures as they happen."""

from __future__ import annotations

from collections import deque
from itertools import takewhile

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
        self._heard: frozenset[str] = frozenset()
        self._jumped = False  # in a picture that came too late: the next that is shown follows the jump

    async def _work(self) -> None:
        if any(edge.plan.role == "merge" for edge in self.inlets.values()):
            inputs = self.plan.cls.inputs.items()
            self._heard = frozenset(port for port, declared in inputs if declared.type.name == "Audio")
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
        """What is due: of pictures the newest, older ones come too late; sound that is merged with them is never left
        out.
        """
        step: Fire | None = self._queue.popleft()
        assert step is not None
        if self._overtaken(step, now_ns):
            self.meter.dropped["age"] += 1
            step = self._sound_of(step)
        if step is not None:
            await self._fire(step)
        if self._ended:  # closed by the person who watches
            self.host.stop()

    def _overtaken(self, step: Fire, now_ns: int) -> bool:
        """Whether it is a picture, and a newer one is due as well."""
        due = takewhile(lambda other: self._due(other) <= now_ns, self._queue)
        return self._is_picture(step) and any(map(self._is_picture, due))

    def _is_picture(self, step: Fire) -> bool:
        return any(frame is not None for port, frame in step.inputs.items() if port not in self._heard)

    def _sound_of(self, step: Fire) -> Fire | None:
        """What is left of it without its picture. That time has jumped is told with what is shown next."""
        sound = {port: frame for port, frame in step.inputs.items() if port in self._heard}
        frame = next((each for each in sound.values() if each is not None), None)
        if frame is not None:
            return step._replace(frame=frame, inputs=dict.fromkeys(step.inputs) | sound)
        self._queue[0] = self._queue[0]._replace(jumped=self._queue[0].jumped or step.jumped)
        return None

    def _let_go(self, cause: str | None) -> None:
        super()._let_go(cause)
        self.meter.lose("stop", len(self._queue))

    def _seen_at_ns(self, done: Done) -> int:
        return done.began_ns
