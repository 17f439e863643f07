"""Where frames come in: reads a source, puts its pts on the run's timeline, and offers each frame to the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from livegraph.errors import InputError, NodeError
from livegraph.frame import EndOfStream, Frame, Gap
from livegraph.graph.plan import NodePlan
from livegraph.node import Source
from livegraph.observe.trace import Span
from livegraph.params import differs_in_rebuild
from livegraph.runtime.execute import Done
from livegraph.runtime.gate import Gate
from livegraph.runtime.host import Host
from livegraph.runtime.life import Interrupted, Life
from livegraph.runtime.measure import Meter
from livegraph.runtime.outlet import Outlet
from livegraph.runtime.timeline import SLACK_NS, Timeline
from livegraph.runtime.wake import Wakeup

NOTHING_YET_S = 0.002
"""Pause after a read that brought nothing: a source that does not block must not spin."""
STOP_GRACE_S = 0.25
"""How long a read may still take once the run stops."""


class SourceWorker:
    """Runs one source. Live, frames go through the gate; offline, the reader waits while an edge is full."""

    gate: Gate | None = None

    def __init__(self, plan: NodePlan, host: Host, lane: int) -> None:
        self.plan = plan
        self.host = host
        self.lane = lane
        self.life = Life(plan, host)
        self.meter = Meter()
        self.wake = Wakeup(host.loop, host.progress)
        self.outlet = Outlet(list(plan.cls.outputs))
        self._timeline = Timeline(host.live)
        self._first_raw_ns: int | None = None
        self._lost = False

    async def run(self) -> None:
        """Until the stream ends, nobody listens any more, or the run stops."""
        try:
            await self._work()
            if self.gate is not None and not self.host.stopping:
                self.gate.finish()
        except asyncio.CancelledError:
            pass  # the run is cancelled: what follows closes the source, and there is nobody to tell
        except Exception as error:
            self.host.fail(self.plan.id, error)
        finally:
            self.life.ending = True
            if self.gate is not None and self.gate.close() is not None:
                self.meter.dropped["stop"] += 1
            self.outlet.end()
            self.life.end_pts_ns = self._timeline.end_ns
            await self.life.stop()
            self.host.progress.left()

    def give_up(self) -> None:
        """The source is lost before it began: its stream ends at once."""
        self._lost = True
        self.life.state = "down"

    def stop(self) -> None:
        """The run ends: wake from waiting; a read that does not return soon is abandoned."""
        self.wake.set()
        self.host.loop.call_later(STOP_GRACE_S, self._abandon)

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

    @cached_property
    def _lead(self) -> str:
        """The port at whose frames the gate is: the first that work hangs on, else the first."""
        edges = self.outlet.edges
        used = (port for port, out in edges.items() if any(edge.carries for edge in out))
        return next(used, next(iter(edges), ""))

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
        item = done.result
        if isinstance(item, EndOfStream):
            return False
        if item is None or isinstance(item, Gap):
            await asyncio.sleep(NOTHING_YET_S)
            return True
        for port, frame in item.items() if isinstance(item, Mapping) else ((self._lead, item),):
            self._check(port, frame)
            if self._beyond(frame):
                return False
            frame = self._place(port, frame)
            if self._paced and self.host.live:
                frame = await self._pace(frame)
                if self.host.stopping:
                    return False
            self._offer(port, frame, done)
        return True

    def _check(self, port: str, frame: object) -> None:
        if port not in self.outlet.edges:
            ports = ", ".join(self.outlet.edges)
            raise NodeError(f"node {self.plan.id}: read returned something for {port!r}; its outputs are {ports}")
        if not isinstance(frame, Frame):
            raise NodeError(f"node {self.plan.id}: read returned {type(frame).__name__}; use self.frame(data, pts_ns)")

    def _beyond(self, frame: Frame) -> bool:
        """Offline, `--duration` is time of the stream."""
        if self._first_raw_ns is None:
            self._first_raw_ns = frame.pts_ns
        limit = self.host.until_pts_ns
        return not self.host.live and limit is not None and frame.pts_ns - self._first_raw_ns >= limit

    def _place(self, port: str, frame: Frame) -> Frame:
        now = self.host.clock.now_ns()
        if frame.captured_ns == 0:
            frame = replace(frame, captured_ns=now)
        return self._timeline.place(port, frame, now - self.host.epoch_ns, paced=self._paced)

    @property
    def _paced(self) -> bool:
        return bool(getattr(self.life.node, "paced", False))

    async def _pace(self, frame: Frame) -> Frame:
        """Release a frame that could be had at any time at its pts; one that comes late moves the timeline."""
        due = self.host.epoch_ns + frame.pts_ns
        while (now := self.host.clock.now_ns()) < due and not self.host.stopping:
            await self.wake.wait(due / 1e9)
        if now - due > SLACK_NS:
            self._timeline.late(now - due)
        return replace(frame, captured_ns=max(due, now - SLACK_NS))

    def _offer(self, port: str, frame: Frame, done: Done) -> None:
        now = self.host.clock.now_ns()
        self.meter.frames_in += 1
        if self.gate is not None and port == self._lead:
            self.gate.offer(frame, now)
        else:
            self.admit(frame, port)
        if self.host.trace is not None:
            self.host.trace.add(Span(self.lane, frame.seq, frame.pts_ns, 0, done.began_ns, done.ended_ns, now))

    def admit(self, frame: Frame, port: str | None = None) -> None:
        """Let a frame into the graph, with a ticket whose credit comes home to the gate."""
        gate = self.gate if port is None else None
        home = None if gate is None else lambda: gate.settled(self.host.clock.now_ns())
        ticket = self.host.ledger.issue(frame.seq, home)
        self.host.lead_pts_ns = max(self.host.lead_pts_ns, frame.pts_ns)
        self.meter.frames_out += 1
        self.outlet.put(port or self._lead, frame, (ticket,), self.host.clock.now_ns())
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
