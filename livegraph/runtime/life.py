"""One node's object, from setup through failures and restarts to teardown."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from livegraph.errors import DeviceMemoryError, InputError, ModelError, NodeError, NodeHung
from livegraph.graph.plan import NodePlan
from livegraph.node import Context, Function, Node
from livegraph.runtime.execute import Done, Executor, LoopExecutor, ThreadExecutor
from livegraph.runtime.host import Host
from livegraph.types import NodeState

BACKOFF_S = (0.25, 30.0)
GIVE_UP = 5
"""Restarts within `WINDOW_S` after which a node stays down."""
WINDOW_S = 60.0
TEARDOWN_S = 5.0

log = logging.getLogger("livegraph")


class Interrupted(NodeError):
    """The call was revoked because the run ends."""


class Life:
    """Builds the node, runs its calls on its executor, and builds it anew after a failure."""

    def __init__(self, plan: NodePlan, host: Host) -> None:
        self.plan = plan
        self.host = host
        self.state: NodeState = "starting"
        self.restarts = 0
        self.calling_since_ns: int | None = None
        self.end_pts_ns = 0
        self._last_words: dict[str, Any] = {}
        self.node: Node = plan.cls(plan.params, self._context())
        self.cadence = plan.cadence
        self._executor: Executor | None = None
        self._failed_ns: list[int] = []
        self._built = False
        self._stopped = asyncio.Event()
        self.ending = False
        self.closing = False

    @property
    def spent(self) -> bool:
        """Its thread hangs: only a restart brings the node back."""
        return self._executor is not None and self._executor.spent

    async def start(self, one_by_one: asyncio.Lock | None = None) -> None:
        """Set the node up and warm it; raises what the node raises. Warming is not watched.

        At the start of a run set-ups go one by one: they import heavy packages, and two threads that import parts of
        one package at the same time may each get half of it.
        """
        self.node = self.plan.cls(self.host.versions[self.plan.id].catch_up(), self._context())
        executor = self._executor = self._make_executor()
        try:
            async with one_by_one or nullcontext():
                self._built = True  # from here on there is something to close, however far it gets
                self.cadence = self.plan.cls.cadence_for(self.node.params)
                await executor.call(self.node.setup)
            self.state = "warming"
            await executor.call(self.node.warm_up)
        except asyncio.CancelledError:  # the run ends meanwhile: whatever the node opened, it closes when it comes back
            self._revoke(Interrupted("stopped"))
            raise
        except Exception as error:
            raise named(self.plan.id, error) from error
        self.state = "running"

    async def call(self, function: Callable[..., Any], **inputs: Any) -> Done:
        """Run one call of the node, watched; raises a NodeError that names the node."""
        executor = self._executor
        assert executor is not None
        self.calling_since_ns = self.host.clock.now_ns()
        try:
            return await executor.call(function, **inputs)
        except Exception as error:
            raise named(self.plan.id, error) from error
        finally:
            self.calling_since_ns = None

    def status(self) -> dict[str, Any]:
        """What the node says of itself: nothing while it is not up, its last words once it has ended."""
        if self.state not in ("warming", "running"):
            return self._last_words
        try:
            return dict(self.node.status())
        except Exception as error:  # the plugin's own code: shown where its answer would stand
            return {"error": describe(error)}

    def check_hung(self, now_ns: int) -> None:
        """Called by the watchdog: a call that is over its time is named, with its stack, and revoked."""
        if self.calling_since_ns is None or self._executor is None:
            return
        late = (now_ns - self.calling_since_ns) / 1e9
        if late > self.plan.timeout_s:
            stack = self._executor.stack()
            log.error("node %s hangs since %.1f s:\n%s", self.plan.id, late, stack)
            self._revoke(NodeHung(f"no answer for {late:.1f} s", stack))

    def interrupt(self) -> None:
        """The run ends: revoke the call in flight, if any, and wait no longer for the next try."""
        self._stopped.set()
        if self.calling_since_ns is not None:
            self._revoke(Interrupted("stopped"))

    def _revoke(self, error: BaseException) -> None:
        """A thread that is given up tears its node down by itself, once it comes back."""
        if self._executor is not None:
            self._executor.interrupt(error, self.node.teardown if self._built else None)
            self._built = self._built and not self._executor.spent

    async def restart(self, *, failed: bool) -> bool:
        """Tear down and set up again, with backoff after a failure, until it works. False: it stays down."""
        self.state = "down"
        while True:
            await self._discard()
            self.host.let_go()
            if failed:
                if not self._may_retry():
                    self.host.lose(self.plan.id, NodeError(f"node {self.plan.id}: stays down after {GIVE_UP} restarts"))
                    return False
                await self._back_off()
            if self.host.stopping or self.ending:
                return False
            self.restarts += failed
            try:
                await self.start()
            except InputError as error:
                self.state = "down"
                self.host.lose(self.plan.id, error)
                return False
            except Exception as error:
                self.state = "down"
                self.host.degraded(self.plan.id, error)
                failed = True
            else:
                self.host.recovered(self.plan.id)
                return True

    async def stop(self) -> None:
        """Tear the node down; a teardown that hangs is given up after a while."""
        last_words = self.status()
        await self._discard()
        self._last_words = last_words
        self.state = "ended"

    def _may_retry(self) -> bool:
        """Whether one more try makes sense; a source is tried for ever, others not when they keep failing."""
        now = self.host.clock.now_ns()
        self._failed_ns = [when for when in self._failed_ns if now - when < WINDOW_S * 1e9] + [now]
        return self.plan.kind == "source" or len(self._failed_ns) <= GIVE_UP

    async def _back_off(self) -> None:
        if self.host.live:
            wait = min(BACKOFF_S[0] * 2 ** (len(self._failed_ns) - 1), BACKOFF_S[1])
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopped.wait()

    async def _discard(self) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if self._built:
            self._built = False
            self.node.ctx.end_pts_ns = self.end_pts_ns
            self.closing = True
            try:
                async with asyncio.timeout(TEARDOWN_S if self.host.live or self.host.stopping else None):
                    await executor.call(self.node.teardown)
            except TimeoutError:
                log.error("node %s: teardown hangs and is given up:\n%s", self.plan.id, executor.stack())
            except Exception as error:
                self.host.degraded(self.plan.id, NodeError(f"node {self.plan.id}: teardown: {describe(error)}"))
            finally:
                self.closing = False
        executor.close()
        gc.collect(0)

    def _make_executor(self) -> Executor:
        entry = getattr(self.plan.cls, "read" if self.plan.kind == "source" else "process")
        if inspect.iscoroutinefunction(entry) or _needs_no_thread(self.plan.cls):
            return LoopExecutor(self.host.clock)
        return ThreadExecutor(self.host.clock, self.plan.id)

    def _context(self) -> Context:
        host, plan = self.host, self.plan
        return Context(
            node_id=plan.id,
            mode="live" if host.live else "offline",
            clock=host.clock,
            seed=host.seed ^ stable_hash(f"{plan.id} {self.restarts}" if self.restarts else plan.id),
            cpu=host.cpu,
            formats=plan.formats,
            wired=plan.wired,
            size_hint=plan.size_hint,
            fps_hint=plan.fps_hint,
            say=lambda text: host.say(plan.id, text),
            stopping=lambda: host.stopping,
            service=host.service,
            log=log.getChild(plan.id),
        )


def _needs_no_thread(cls: type[Node]) -> bool:
    """A Function that only computes: what it opens and closes may block."""
    mine = (cls.setup, cls.warm_up, cls.teardown)
    return issubclass(cls, Function) and mine == (Node.setup, Node.warm_up, Node.teardown)


def stable_hash(text: str) -> int:
    """A hash that is the same in every process (FNV-1a, 32 bit)."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


_KEPT: tuple[type[NodeError], ...] = (DeviceMemoryError, ModelError, InputError)
"""Errors that stay what they are when a node's name is put in front."""


def named(node_id: str, error: BaseException) -> NodeError:
    """An error as one about a node, with the node's name in front."""
    if isinstance(error, Interrupted):
        return error
    if isinstance(error, NodeHung):
        return NodeHung(f"node {node_id}: {error}", error.stack)
    kind = next((known for known in _KEPT if isinstance(error, known)), NodeError)
    if type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError):
        kind = DeviceMemoryError
    return kind(f"node {node_id}: {describe(error)}")


def describe(error: BaseException) -> str:
    """What went wrong, for a person: livegraph's own errors speak for themselves, others are named."""
    if isinstance(error, NodeError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
