"""Where frames come in: reads a source, puts its pts on the run's timeline, and offers each frame to the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from livegraph.errors import InputError, NodeError
from livegraph.frame import EndOfStream, Frame, Gap
from livegraph.graph.plan import NodePlan
from livegraph.node import Source
from livegraph.observe.trace import Span
from livegraph.params import differs_in_rebuild
from livegraph.runtime.execute import Done
from livegraph.runtime.gate import Gate
from livegraph.runtime.host import Host
from livegraph.runtime.life import Interrupted
from livegraph.runtime.station import Station
from livegraph.runtime.timeline import SLACK_NS, Timeline

NOTHING_YET_S = 0.002
"""Pause after a read that brought nothing: a source that does not block must not spin."""
STOP_GRACE_S = 0.25
"""How long a read may still take once the run stops."""


Moment: TypeAlias = Mapping[str, Frame | Gap]
"""What one read gave: frames of one moment, by port, and bounds of ports that have none."""


class SourceWorker(Station):
    """Runs one source. Live, frames go through the gate; offline, the reader waits while an edge is full."""

    gate: Gate[Moment] | None = None

    def __init__(self, plan: NodePlan, host: Host, lane: int) -> None:
        super().__init__(plan, host, lane)
        self.moments = 0
        self._first_port = next(iter(plan.cls.outputs))
        self._ungated = [port for port, out in plan.cls.outputs.items() if out.type.name == "Audio"]
        self._timeline = Timeline(host.live)
        self._first_ns: int | None = None
        self._lost = False

    @property
    def gated(self) -> bool:
        """Whether a gate stands behind it on a live run: not where others only hold it, or it gives only sound."""
        return self.plan.gated and len(self._ungated) < len(self.outlet.edges)

    def give_up(self) -> None:
        """The source is lost before it began: its stream ends at once."""
        self._lost = True
        self.life.state = "down"

    def stop(self) -> None:
        """The run ends: wake from waiting; a read that does not return soon is abandoned."""
        self.wake.set()
        self.host.loop.call_later(STOP_GRACE_S, self._abandon)

    async def _live(self) -> None:
        """Until the stream ends, nobody listens any more, or the run stops."""
        await self._work()
        if self.gate is not None and not self.host.stopping:
            self.gate.finish()

    def _let_go(self, cause: str | None) -> None:
        if self.gate is not None and self.gate.close() is not None:
            self.meter.lose("stop", 1)

    @property
    def _end_ns(self) -> int:
        return self._timeline.end_ns

    def _abandon(self) -> None:
        if self.host.stopping:
            self.life.interrupt()

    async def _work(self) -> None:
        while not (self._lost or self.host.stopping or self.outlet.deserted):
            if not self.host.live and self.outlet.full:
                await self.wake.wait()
                continue
            try:
                if not await self._prepare():
                    return
                done = await self.life.call(self._read)
                self.meter.called(done.ended_ns - done.began_ns)
                if not await self._deliver(done):
                    return
            except Interrupted:
                return
            except NodeError as error:
                if not await self._failed(error):
                    return
                continue
            if self.host.live:
                await asyncio.sleep(0)  # a read that never waits must not hold the loop

    @property
    def _read(self) -> Any:
        node = self.life.node
        assert isinstance(node, Source)
        return node.read

    async def _prepare(self) -> bool:
        """A source makes pts, so it takes the newest parameters at its next frame. False: it cannot be opened again."""
        wanted = self.host.versions[self.plan.id].at(self.host.lead_pts_ns + 1)
        node = self.life.node
        if wanted is not node.params:
            if differs_in_rebuild(node.params, wanted) and not await self._restart(failed=False):
                return False
            self.life.node.params = wanted
        return True

    async def _deliver(self, done: Done) -> bool:
        """Hand on what was read. False at the end of the stream."""
        result = done.result
        if isinstance(result, EndOfStream):
            return False
        moment = self._place(self._by_port(result))
        if not _frames(moment):
            self._offer(moment)
            await asyncio.sleep(NOTHING_YET_S)
            return True
        inside = self._within(moment)
        if _frames(inside):
            if self._paced and self.host.live:
                inside = await self._pace(inside)
                if self.host.stopping:
                    return False
            self._count(_frames(inside), done)
            self._offer(inside)
        return len(inside) == len(moment)

    def _by_port(self, result: Any) -> Moment:
        """What `read` returned; a bare frame, or Gap, is the first port's."""
        if result is None:
            return {}
        moment = result if isinstance(result, Mapping) else {self._first_port: result}
        for port, item in moment.items():
            if port not in self.outlet.edges:
                ports = ", ".join(self.outlet.edges)
                raise NodeError(f"node {self.plan.id}: read returned something for {port!r}; its outputs are {ports}")
            if not isinstance(item, (Frame, Gap)):
                what = type(item).__name__
                raise NodeError(f"node {self.plan.id}: read returned {what}; use self.frame(data, pts_ns)")
        return moment

    def _place(self, moment: Moment) -> Moment:
        now = self.host.clock.now_ns()
        placed = self._timeline.place(moment, now - self.host.epoch_ns, paced=self._paced)
        for port, frame in _frames(placed).items():
            if frame.captured_ns == 0:
                placed[port] = replace(frame, captured_ns=now)
        return placed

    def _within(self, moment: Moment) -> Moment:
        """Offline, `--duration` is time of the stream: what is left of a moment at its end."""
        if self._first_ns is None:
            self._first_ns = _start_ns(moment)
        limit = self.host.until_pts_ns
        if self.host.live or limit is None:
            return moment
        end = self._first_ns + limit
        return {port: item for port, item in moment.items() if isinstance(item, Gap) or item.pts_ns < end}

    @property
    def _paced(self) -> bool:
        return bool(getattr(self.life.node, "paced", False))

    async def _pace(self, moment: Moment) -> Moment:
        """Release what could be had at any time at its pts; what comes late moves the timeline."""
        due = self.host.epoch_ns + _start_ns(moment)
        while (now := self.host.clock.now_ns()) < due and not self.host.stopping:
            await self.wake.wait(due / 1e9)
        if now - due > SLACK_NS:
            self._timeline.late(now - due)
        captured = max(due, now - SLACK_NS)
        released = {port: replace(frame, captured_ns=captured) for port, frame in _frames(moment).items()}
        return {**moment, **released}

    def _count(self, frames: Mapping[str, Frame], done: Done) -> None:
        self.moments += 1
        self.meter.frames_in += len(frames)
        if self.host.trace is not None:
            first, now = next(iter(frames.values())), self.host.clock.now_ns()
            self.host.trace.add(Span(self.lane, first.seq, first.pts_ns, 0, done.began_ns, done.ended_ns, now))

    def _offer(self, moment: Moment) -> None:
        """To the gate, where there is one. Sound passes it by: a hole in it would be heard."""
        if self.gate is None:
            self._let_in(moment, None)
            return
        if self._ungated and (sound := {port: moment[port] for port in self._ungated if port in moment}):
            self._let_in(sound, None)
            moment = {port: item for port, item in moment.items() if port not in sound}
        if _frames(moment):
            self.gate.offer(moment, self.host.clock.now_ns())
        elif not self.gate.holds:  # a Gap that overtook a picture would leave it no way in
            self._let_in(moment, None)

    def admit(self, moment: Moment) -> None:
        """The gate opens: let frames in whose credit comes home to it."""
        gate = self.gate
        assert gate is not None
        self._let_in(moment, lambda: gate.settled(self.host.clock.now_ns()))

    def lose(self, moment: Moment) -> None:
        """The gate drops frames; that time has jumped there is still to be told."""
        self.outlet.jump(port for port, frame in _frames(moment).items() if frame.discontinuity)

    def _let_in(self, moment: Moment, home: Callable[[], None] | None) -> None:
        """Frames with one ticket: it settles when the work on every port's frame is done. Gaps carry none."""
        for port, item in moment.items():
            if isinstance(item, Gap):
                self.outlet.advance(item.pts_ns, (port,))
        if frames := _frames(moment):
            self._put(frames, home)

    def _put(self, frames: Mapping[str, Frame], home: Callable[[], None] | None) -> None:
        now = self.host.clock.now_ns()
        first = next(iter(frames.values()))
        ticket = self.host.ledger.issue(first.seq, home)
        for port, frame in frames.items():
            if frame.pts_ns > self.host.lead_pts_ns:
                self.host.lead_pts_ns = frame.pts_ns
                self.host.led(frame.pts_ns)
            self.outlet.put(port, frame, (ticket,), now)
        self.meter.frames_out += len(frames)
        ticket.release()

    async def _failed(self, error: NodeError) -> bool:
        """False: the stream is over. A hold or a slow partner downstream keeps the last picture meanwhile."""
        self.meter.errors += 1
        if self.plan.on_error == "stop":
            self.host.fail(self.plan.id, error)
            return False
        if isinstance(error, InputError):
            self.host.lose(self.plan.id, error)
            return False
        if self.plan.on_error == "skip" and not self.life.spent:
            self.host.warn(self.plan.id, error)
            await asyncio.sleep(NOTHING_YET_S)
            return True
        self.host.degraded(self.plan.id, error)
        return await self._restart(failed=True)

    async def _restart(self, *, failed: bool) -> bool:
        again = await self.life.restart(failed=failed)
        self._timeline.reopened()
        return again


def _frames(moment: Moment) -> dict[str, Frame]:
    return {port: item for port, item in moment.items() if isinstance(item, Frame)}


def _start_ns(moment: Moment) -> int:
    return min(frame.pts_ns for frame in _frames(moment).values())
