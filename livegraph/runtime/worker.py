"""The hot loop of one node: join, call, put, settle."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

from livegraph.errors import InputError, NodeError
from livegraph.frame import Frame, Ticket
from livegraph.graph.plan import NodePlan
from livegraph.observe.histogram import Histogram
from livegraph.observe.trace import Span
from livegraph.params import Params, differs_in_rebuild
from livegraph.runtime import answer
from livegraph.runtime.edge import NEVER, Edge
from livegraph.runtime.execute import Done
from livegraph.runtime.fill import Fill
from livegraph.runtime.host import Host
from livegraph.runtime.inputs import Inputs
from livegraph.runtime.join import End, Fire, Join, Pass
from livegraph.runtime.life import Interrupted, named
from livegraph.runtime.lookahead import Lookahead
from livegraph.runtime.settle import Lease
from livegraph.runtime.station import Station
from livegraph.runtime.way import Way

COSTLY_NS = 1_000_000
"""Service time from which a node is worth a look at the frame's age."""


class Worker(Station):
    """Runs one node: takes what the join gives, calls, puts the answer, settles. One call at a time, in pts order.

    `cadence` is that of the node as it is built now: it may change where the node is rebuilt with other parameters,
    which `retaken` is then told.
    """

    def __init__(self, plan: NodePlan, host: Host, lane: int) -> None:
        super().__init__(plan, host, lane)
        self.inlets: dict[str, Edge] = {}
        self.join: Join
        self.way = Way()
        self.cadence = plan.cadence
        self.retaken: Callable[[], None] = lambda: None
        self._fill = Fill(plan.cadence.take)
        self._lookahead = Lookahead(plan.cadence)
        self._seen_ns = NEVER
        self._duration_ns = 0
        self._down = False
        self._ended = False
        self._broke = False
        self._revival: asyncio.Task[None] | None = None
        self._ports = list(plan.cls.outputs)
        self._lead = next(iter(plan.cls.inputs), "")
        self._inputs = Inputs(plan, host)
        self._keeps = not plan.attached or getattr(plan.cls, "records", False)

    @property
    def resting(self) -> bool:
        """Whether it waits for input, or for nothing any more."""
        return self.wake.waiting or self.life.ending

    def connect(self, period_ns: int, way: Way) -> None:
        """Once all edges are in place."""
        self.join = Join(self.inlets, self.host.live, period_ns)
        self.way = way

    @property
    def seen_ns(self) -> int:
        """Up to which pts everything was looked at."""
        return self._seen_ns

    @property
    def waiting(self) -> int:
        """Frames that have come and are in no call yet."""
        return len(self._fill) + sum(len(self.inlets[port].entries) for port in self._inputs.group[:1])

    @property
    def in_hand(self) -> int:
        return self.waiting + (self.life.calling_since_ns is not None) * self.cadence.take

    def ready_in_ns(self, now_ns: int) -> float:
        """How long until this node can start a chunk of which nothing has arrived yet."""
        since, mean = self.life.calling_since_ns, self.meter.mean_ns
        waiting = self.waiting
        if mean == 0.0:  # nothing measured yet: one chunk at a time
            return math.inf if since is not None or waiting >= self.cadence.take else 0.0
        left = max(0.0, since + mean - now_ns) if since is not None else 0.0
        return left + waiting // self.cadence.take * mean

    async def _live(self) -> None:
        self._adopt()
        await self._work()
        await self._finish()

    async def _work(self) -> None:
        host = self.host
        while not self._ended and not self.outlet.deserted:
            if not host.live and self.outlet.full:
                await self.wake.wait()
                continue
            step = self.join.next(host.clock.now_ns())
            if isinstance(step, Fire):
                self.meter.frames_in += 1
                await self._fire(step)
            elif isinstance(step, Pass):
                self._pass(step)
            elif isinstance(step, End):
                return
            else:
                await self._wait(step.until_ns)

    async def _wait(self, until_ns: int | None) -> None:
        began = self.host.clock.now_ns()
        if self._fill and self.host.live:
            limit = self._fill.overdue_ns(self._period_ns)
            if limit <= began:
                if not self.way.is_at(self.cadence.take):
                    self._drop_fill("chunk_tail")
                    return
                limit = began + self._period_ns
            until_ns = limit if until_ns is None else min(limit, until_ns)
        await self.wake.wait(None if until_ns is None else until_ns / 1e9)
        if self.host.live:
            self.meter.idle_ns += self.host.clock.now_ns() - began

    @property
    def _period_ns(self) -> int:
        """From one of its frames to the next."""
        return round(self.join.period_ns * self.way.stride)

    def _keep_together(self, pts_ns: int) -> None:
        """Live, a chunk is of one stretch: where the next frame is far from the first that waits, it begins anew with
        that. What was thinned out before it never was of one stretch.
        """
        if self._fill and self.host.live and self.way.stride <= 1 and self._fill.torn(pts_ns, self._period_ns):
            self._drop_fill("chunk_gap")

    def _pass(self, step: Pass) -> None:
        self._keep_together(step.pts_ns)
        for ticket in step.tickets:
            ticket.release()
        if step.tickets:
            self.meter.gaps += 1
        self._advance(step.pts_ns)

    async def _fire(self, step: Fire) -> None:
        self._duration_ns = step.frame.duration_ns
        self._keep_together(step.pts_ns)
        if step.jumped:
            try:
                await self._jump()
            except asyncio.CancelledError:
                self._settle_gap(step, "stop")
                raise
        if self._down:
            self.meter.gaps += 1
            self._settle_gap(step, None)
        elif self.host.live and self._too_old(step.frame):
            self._settle_gap(step, "age")
        elif not self._fill and not await self._prepared(step):
            self._settle_gap(step, None)
        elif self.cadence.take == 1:
            await self._call((step,))
        elif chunk := self._fill.add(step, self.host.clock.now_ns()):
            await self._call(chunk)

    def _too_old(self, frame: Frame) -> bool:
        """The present age against the deadline, before costly work.

        A frame of a started chunk is needed there. What is kept rather than shown may lag, and its work is done.
        """
        if self.meter.mean_ns < COSTLY_NS or self._keeps or self._fill:
            return False
        return self.host.clock.now_ns() - frame.captured_ns > self.host.deadline_ns

    @property
    def _end_ns(self) -> int:
        """The end of the stream so far: a picture that is not followed by another stays for its duration."""
        return max(0, self._seen_ns + self._duration_ns)

    async def _jump(self) -> None:
        """Time has jumped: what belongs to the time before comes out, the node forgets it, and the next is told."""
        await self._complete_fill()
        if self._lookahead and not self._down:
            await self._flush()
        self.outlet.jump()
        if not self._down:
            try:
                await self.life.call(self.life.node.reset)
            except Exception as error:
                await self._failed(error, 0)

    async def _call(self, steps: Sequence[Fire], keep: int | None = None) -> None:
        """One call of `process`. `keep`: of a chunk that was filled up, how many frames are real."""
        lease = Lease([ticket for step in steps for ticket in step.tickets])
        try:
            inputs = self._inputs.frames(steps, chunk=self.cadence.take > 1)
            done = await self.life.call(self.life.node.process, **inputs)
            self._measure(steps[0], done)
            self._answer(steps[:keep], done.result)
            if self.host.trace is not None:
                self._span(steps[0], done.began_ns, done.ended_ns)
        except asyncio.CancelledError:
            self.meter.dropped["stop"] += len(steps[:keep])
            raise
        except Exception as error:
            lease.end()
            await self._failed(error, len(steps[:keep]))
        finally:
            lease.end()
            self._advance(steps[-1].pts_ns)

    def _answer(self, steps: Sequence[Fire], result: Any) -> None:
        """Put what came out; each output carries the tickets of the inputs that came with it."""
        base: Sequence[Frame] = [step.frame for step in steps]
        tickets: list[Sequence[Ticket]] = [tuple(dict.fromkeys(step.tickets)) for step in steps]
        if self.cadence.delay:
            base = self._lookahead.answered(base)
            tickets += [()] * (len(base) - len(tickets))
        self._emit(base, answer.read(result, self._ports, self.cadence, base, tickets))

    def _emit(self, base: Sequence[Frame], read: answer.Answer) -> None:
        """Put the answer to the inputs `base`; while a lookahead holds back, there are none."""
        now = self.host.clock.now_ns()
        for port, frame, tickets in read.outputs:
            if self.outlet.put(port, frame, tickets, now):
                self.meter.frames_out += 1
            else:
                self.meter.dropped["error"] += 1
                self.meter.errors += 1
                self.host.warn(
                    self.plan.id, NodeError(f"node {self.plan.id}: output {port}: pts does not rise; dropped")
                )
        self._ended = self._ended or read.ended
        if self._ports and base and not read.outputs:
            self.meter.gaps += 1

    async def _prepared(self, first: Fire) -> bool:
        """Before the first frame of a call, give the node the snapshot that its pts asks for. False where the node is
        down now, or failed in it, so that nothing comes of the frame.
        """
        try:
            wanted = self._inputs.params(first)
            if wanted is self.life.node.params:
                return True
            await self._prepare(wanted)
        except asyncio.CancelledError:
            self._settle_gap(first, "stop")
            raise
        except Exception as error:
            await self._failed(error, 1)
            return False
        self.meter.gaps += self._down
        return not self._down

    async def _prepare(self, wanted: Params) -> None:
        """Swap the parameters; rebuild the node where a field cannot be swapped."""
        node = self.life.node
        if not differs_in_rebuild(node.params, wanted):
            node.params = wanted
            return
        if self._lookahead:
            await self._flush()
        if node is self.life.node and not self._down:  # a flush that failed has had the node built anew by itself
            await self._revive(failed=False)

    async def _failed(self, error: BaseException, frames: int) -> None:
        """By policy: skip, restart beside the stream, or end the run."""
        if isinstance(error, Interrupted):
            self.meter.dropped["stop"] += frames
            return
        error = named(self.plan.id, error) if not str(error).startswith("node ") else error
        self.meter.errors += 1
        self.meter.dropped["error"] += frames
        self.meter.gaps += 1
        if self.plan.on_error == "stop":
            self.host.fail(self.plan.id, error)
            self._ended = self._broke = True
            return
        if isinstance(error, InputError):
            self.host.lose(self.plan.id, error)
            self.give_up()
        elif self.plan.on_error == "restart" or self.life.spent:
            self.host.degraded(self.plan.id, error)
            await self._revive(failed=True)
        else:
            self.host.warn(self.plan.id, error)

    def give_up(self) -> None:
        """The node is down for good: every input is answered by a Gap."""
        self._down = True
        self.life.state = "down"
        self._drop_fill("error")
        self.meter.lose("error", len(self._lookahead.empty()))

    async def _revive(self, *, failed: bool) -> None:
        """Build the node anew: offline in line, live beside the stream, which gets Gaps meanwhile."""
        self.give_up()
        if self.host.live:
            self._revival = self.host.loop.create_task(self._restart(failed))
        else:
            await self._restart(failed)

    async def _restart(self, failed: bool) -> None:
        if await self.life.restart(failed=failed):
            self._adopt()
            self._down = False

    def _adopt(self) -> None:
        """Go by the cadence of the node as it is built now. Nothing waits in a chunk or a lookahead."""
        if self.cadence == self.life.cadence:
            return
        self.cadence = self.life.cadence
        self._fill, self._lookahead = Fill(self.cadence.take), Lookahead(self.cadence)
        self.meter.mean_ns = 0.0
        self.retaken()

    def _settle_gap(self, step: Fire, cause: str | None) -> None:
        for ticket in step.tickets:
            ticket.release()
        if cause is not None:
            self.meter.dropped[cause] += 1
        self._advance(step.pts_ns)

    def _advance(self, pts_ns: int) -> None:
        """Everything up to `pts_ns` was looked at: pass the bound on, short of what is still held back."""
        self._seen_ns = max(self._seen_ns, pts_ns)
        bound = self._seen_ns
        if self._fill or self._lookahead:
            bound = min([bound, *(held.first_ns - 1 for held in (self._fill, self._lookahead) if held)])
        self.outlet.advance(bound)

    def _let_go(self, cause: str | None) -> None:
        """What came and has not been answered is dropped."""
        if self._broke or self.host.cancelled:  # the run ends with it, or before it could: what came is cut off
            cause = "stop"
        lost = len(self._fill.drop()) + len(self._lookahead.empty())
        self.meter.lose(cause or "stop", lost)
        for edge in self.inlets.values():
            edge.close(cause)

    async def _close(self) -> None:
        if self._revival is not None:
            if not self.life.closing:  # what is being closed is closed properly: a recorder writes its end
                self._revival.cancel()
            await asyncio.gather(self._revival, return_exceptions=True)
        await super()._close()

    def _drop_fill(self, cause: str) -> None:
        if dropped := self._fill.drop():  # else a chunk may be in a call: its pts are still to come
            self.meter.lose(cause, len(dropped))
            self._advance(dropped[-1].pts_ns)

    async def _complete_fill(self) -> None:
        """A partial chunk: offline it is filled up with its last frame, live it is dropped."""
        if not self._fill:
            return
        if self.host.live:
            self._drop_fill("chunk_tail")
            return
        chunk, real = self._fill.filled_up()
        await self._call(chunk, keep=real)

    async def _finish(self) -> None:
        """The inputs have ended: what is held back comes out."""
        await self._complete_fill()
        if self._down:
            return
        self.life.node.ctx.end_pts_ns = self._end_ns
        await self._flush()

    async def _flush(self) -> None:
        """What a lookahead holds back comes out."""
        try:
            done = await self.life.call(self.life.node.flush)
            base = self._lookahead.empty()
            tickets = [()] * len(base)
            self._emit(base, answer.read(done.result, self._ports, self.cadence, base, tickets, flushed=True))
        except Exception as error:
            await self._failed(error, 0)

    def _measure(self, step: Fire, done: Done) -> None:
        self.meter.called(done.ended_ns - done.began_ns)
        if self.plan.kind == "sink" and step.inputs.get(self._lead, step.frame) is not None:
            self.meter.taken += 1
            if self.host.live:
                self.meter.age.add(self._seen_at_ns(done) - step.frame.captured_ns)

    def _seen_at_ns(self, done: Done) -> int:
        """When a sink had done with a frame."""
        return done.ended_ns

    @property
    def reached(self) -> Histogram:
        """How old frames are when a sink gets them, before they wait to be shown."""
        return self.meter.age

    def _span(self, step: Fire, began_ns: int, ended_ns: int) -> None:
        assert self.host.trace is not None
        done = self.host.clock.now_ns()
        self.host.trace.add(Span(self.lane, step.frame.seq, step.pts_ns, step.put_ns, began_ns, ended_ns, done))
