"""A sink that shows pictures as they happen."""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import replace
from itertools import takewhile
from typing import Any

from livegraph.control.show import SHOW
from livegraph.frame import Frame
from livegraph.graph.plan import NodePlan
from livegraph.observe.histogram import Histogram
from livegraph.picture import black_like
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
        self._reached = Histogram()
        self._heard: frozenset[str] = frozenset()
        self._last: Fire | None = None  # what was shown, before `freeze` and `blackout`
        self._held: dict[str, Frame] = {}  # the pictures that a freeze holds, by port
        self._repeat_ns: int | None = None  # when to show the last again, for it is to look otherwise now
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
            if self._repeat_ns is not None and self._repeat_ns <= now:
                await self._repeat()
                continue
            step = self.join.next(now)
            if isinstance(step, Fire):
                self._accept(step)
            elif isinstance(step, Pass):
                self._pass(step)
            elif isinstance(step, End) and not self._queue:
                return
            else:
                times = [self._repeat_ns] if self._repeat_ns is not None else []
                times += [self._due(self._queue[0])] if self._queue else []
                await self._wait(min(times, default=None))

    def _due(self, step: Fire) -> int:
        return self.host.epoch_ns + step.pts_ns + self.host.playout.offset_ns

    def _accept(self, step: Fire) -> None:
        self.meter.frames_in += 1
        for ticket in step.tickets:
            ticket.release()
        step = step._replace(tickets=(), jumped=step.jumped or self._jumped)
        age_ns = self.host.clock.now_ns() - step.frame.captured_ns
        if self._is_picture(step):
            self._reached.add(age_ns)
        if age_ns > self.host.deadline_ns:
            self.meter.dropped["age"] += 1  # a lookahead that starved gave it up too late: what is shown is fresh
            self._jumped = step.jumped
        else:
            self.host.playout.arrived(step.pts_ns, self.host.run_time_ns - step.pts_ns, jumped=step.jumped)
            insort(self._queue, step, key=lambda each: each.pts_ns)  # live, a merge does not wait for a slow model
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
        if step is not None and self._is_picture(step):
            self._last, self._repeat_ns = step, None
            step = self._as_asked(step)
        if step is not None:
            await self._fire(step)
        if self._ended:  # closed by the person who watches
            self.host.stop()

    def changed(self) -> None:
        """`freeze` or `blackout` is another: what is shown follows, also where no picture comes."""
        if self._last is not None and self.host.live:
            if self._show.freeze and not self._held:
                self._held = self._pictures(self._last)
            patience_ns = 2 * self._period_ns
            self._repeat_ns = max(self.host.clock.now_ns(), self._due(self._last) + patience_ns)
            self.wake.set()

    async def _repeat(self) -> None:
        """Show the last picture again, as it is to look now."""
        self._repeat_ns = None
        if self._last is None or self._queue:
            return
        pts_ns = self.host.run_time_ns - self.host.playout.offset_ns
        frame = replace(self._last.frame, pts_ns=pts_ns)
        quiet: dict[str, Frame | None] = dict.fromkeys(self._heard)
        again = {port: frame if each is self._last.frame else each for port, each in self._last.inputs.items()}
        inputs = again | quiet
        if pts_ns > self._last.pts_ns:
            self._last = self._last._replace(pts_ns=pts_ns, frame=frame, inputs=inputs, jumped=False)
            await self._fire(self._as_asked(self._last))

    def _as_asked(self, step: Fire) -> Fire:
        """Its pictures held, or black."""
        show = self._show
        if not show.freeze:
            self._held.clear()
        if not show.freeze and not show.blackout:
            return step
        shown: dict[str, Frame | None] = dict(step.inputs)
        for port, frame in self._pictures(step).items():
            held = self._held.setdefault(port, frame) if show.freeze else frame
            shown[port] = frame.with_data(black_like(frame.data) if show.blackout else held.data)
        lead = next((shown[port] for port, frame in step.inputs.items() if frame is step.frame), None)
        return step._replace(frame=lead or step.frame, inputs=shown)

    @property
    def _show(self) -> Any:
        """`freeze` and `blackout`, as they are now."""
        return self.host.versions[SHOW].latest

    def _pictures(self, step: Fire) -> dict[str, Frame]:
        return {port: frame for port, frame in step.inputs.items() if frame is not None and port not in self._heard}

    def _overtaken(self, step: Fire, now_ns: int) -> bool:
        """Whether it is a picture, and a newer one is due as well."""
        due = takewhile(lambda other: self._due(other) <= now_ns, self._queue)
        return self._is_picture(step) and any(map(self._is_picture, due))

    def _is_picture(self, step: Fire) -> bool:
        return bool(self._pictures(step))

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

    @property
    def reached(self) -> Histogram:
        return self._reached

    def _seen_at_ns(self, done: Done) -> int:
        return done.began_ns
