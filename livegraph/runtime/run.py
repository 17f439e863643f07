"""A run: start, warm up, open the gates, watch, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from livegraph.control.bus import Bus
from livegraph.control.door import Door
from livegraph.control.show import SHOW
from livegraph.errors import InputError, LivegraphError, Stalled
from livegraph.graph.plan import Plan
from livegraph.graph.redaction import Redactor
from livegraph.observe.trace import Trace
from livegraph.observe.watchdog import LoopWatchdog
from livegraph.params import Versions
from livegraph.registry import Registry
from livegraph.runtime.clock import RealClock
from livegraph.runtime.edge import Edge
from livegraph.runtime.function_life import FunctionLife
from livegraph.runtime.garbage import Garbage
from livegraph.runtime.health import Health
from livegraph.runtime.host import Host
from livegraph.runtime.life import TEARDOWN_S
from livegraph.runtime.look import Looks
from livegraph.runtime.report import Report
from livegraph.runtime.saving import saving
from livegraph.runtime.services import Services
from livegraph.runtime.signals import called_on_signals
from livegraph.runtime.source import SourceWorker
from livegraph.runtime.stage import Stage
from livegraph.runtime.station import Station
from livegraph.runtime.wake import Progress
from livegraph.runtime.worker import Worker
from livegraph.service import Serving
from livegraph.types import Clock

T = TypeVar("T")

log = logging.getLogger("livegraph")

DRAIN_S = 10.0
TICK_S = 0.25
MEMORY_CAP = 1 << 30
"""Bytes that stalled offline edges may grow to, together."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `error` is the first that ended it, or that a node was lost for good by."""

    error: BaseException | None
    stats: dict[str, Any]

    @property
    def ok(self) -> bool:
        return self.error is None


class Run:
    """One run of a plan. `execute` blocks; `main` is the same inside a loop of your own."""

    def __init__(
        self,
        plan: Plan,
        *,
        registry: Registry | None = None,
        trace: Path | None = None,
        cpu: bool = False,
        serving: Serving | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.plan = plan
        self.registry = registry
        self.opened = False
        self.ended_ns = 0
        self.bus: Bus
        self.host: Host
        self._stage: Stage
        self._report = Report(self)
        self._phase = "starting"
        self._trace_path = trace
        self._cpu = cpu
        self._say = say or (lambda text: None)
        self.serving = serving or Serving()
        self.services = Services(self, registry)
        self.doors: dict[str, Door] = {}
        self.redactor = Redactor(plan.secrets)
        self._health = Health(plan.notes, self._say, self.redactor)
        self._starting: asyncio.Future[list[BaseException | None]] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._garbage: Garbage | None = None

    @property
    def all_workers(self) -> Mapping[str, Station]:
        """Every node by id, in the plan's order."""
        return self._stage.everyone

    @property
    def sources(self) -> Mapping[str, SourceWorker]:
        return self._stage.sources

    @property
    def workers(self) -> Mapping[str, Worker]:
        """Every node that is no source, by id."""
        return self._stage.workers

    @property
    def edges(self) -> Sequence[Edge]:
        return self._stage.edges

    @property
    def health(self) -> str:
        """`starting`, `warming`, `running`, `degraded` (some node is in trouble) or `ended`."""
        return "degraded" if self._phase == "running" and self._health.degraded else self._phase

    @property
    def notes(self) -> list[str]:
        """What was said lately."""
        return list(self._health.notes)

    @property
    def troubles(self) -> Mapping[str, str]:
        """Why it is degraded: by node, what is wrong there."""
        return self._health.troubles

    def say(self, text: str) -> None:
        """Tell the person at the terminal one line; from any thread."""
        self._health.tell(text)

    def ask(self, function: Callable[[], T]) -> Future[T]:
        """Call a function on the run's loop, where everything of a run may be touched; from any other thread."""
        answer: Future[T] = Future()

        def called() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(function())
            except BaseException as error:
                answer.set_exception(error)

        try:
            self.host.loop.call_soon_threadsafe(called)
        except RuntimeError:  # the loop is closed
            answer.set_exception(InputError("the run has ended"))
        return answer

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function on the run's loop after a while; on the loop itself."""
        self.host.loop.call_later(seconds, function)

    def door(self, name: str) -> Door:
        """The way in, by that name, for changes from outside: one for each kind (`osc`, `mqtt`)."""
        if name not in self.doors:
            self.doors[name] = Door(name, self.bus, self)
        return self.doors[name]

    def save(self) -> Future[list[str]]:
        """Write parameters and presets that were changed into the graph's file, on a thread of its own. The future has
        their names, or a `ParamError` that says why nothing was written.
        """
        return saving(self)

    def stats(self) -> dict[str, Any]:
        """The statistics document, now."""
        return self._report.document(final=self._phase == "ended")

    def execute(
        self, duration_s: float | None = None, on_tick: Callable[[dict[str, Any]], None] | None = None
    ) -> Outcome:
        """Run to the end. SIGINT and SIGTERM stop in order, a second one at once. `on_tick` gets the statistics a few
        times a second, on a thread beside the loop.
        """

        async def main() -> Outcome:
            with called_on_signals(self._interrupted):
                return await self.main(duration_s, on_tick)

        switch = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            with Garbage() as self._garbage:
                return asyncio.run(main())
        finally:
            sys.setswitchinterval(switch)

    async def main(
        self,
        duration_s: float | None = None,
        on_tick: Callable[[dict[str, Any]], None] | None = None,
        clock: Clock | None = None,
    ) -> Outcome:
        """Set up, warm, open, run to the end, and finalise whatever happened."""
        with self.redactor.in_logs(log):
            return await self._main(duration_s, on_tick, clock or RealClock())

    async def _main(
        self, duration_s: float | None, on_tick: Callable[[dict[str, Any]], None] | None, clock: Clock
    ) -> Outcome:
        self._build(clock)
        for note in self.plan.notes:
            self._say(note)
        try:
            if self.serving.asked:
                await asyncio.to_thread(self.services.get, "web")
            for controller in self.plan.controllers:
                await asyncio.to_thread(self.services.get, controller.name)
            await self._start()
        except LivegraphError as error:
            self._health.error = self._health.error or error
        else:
            if not self.host.stopping:
                await self._play(duration_s, on_tick)
        finally:
            await asyncio.gather(*(function.stop() for function in self.host.functions.values()))
            self._close()
        return Outcome(self._health.error, self.stats())

    def _close(self) -> None:
        self.ended_ns = self.host.clock.now_ns()
        self._phase = "ended"
        self.services.close()
        if self.host.trace is not None:
            self.host.trace.close()
        if self.registry is not None:
            self.registry.manager.hook.livegraph_run_stopped(run=self)

    def stop(self) -> None:
        """End in order: sources end, nodes flush, sinks finalise; what has not drained by the deadline is cancelled."""
        if not self.host.stopping:
            self.host.stopping = True
            self._stop_starting()
            for source in self.sources.values():
                source.stop()
            self.host.loop.call_later(DRAIN_S, self.cancel)

    def cancel(self) -> None:
        """End now: work in flight is dropped, sinks still finalise; those at it already get `TEARDOWN_S`."""
        self.host.stopping = self.host.cancelled = True
        self._stop_starting()
        for worker, task in zip(self.all_workers.values(), self._tasks, strict=False):
            if worker.life.ending or worker.life.closing:
                self.host.loop.call_later(TEARDOWN_S, task.cancel)
            else:
                task.cancel()

    def _stop_starting(self) -> None:
        """Whoever still sets up is torn down instead of waited for."""
        if self._starting is not None and not self.opened:
            self._starting.cancel()

    def _build(self, clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        live = self.plan.mode == "live"
        lanes = [node.id for node in self.plan.nodes]
        trace = Trace(self._trace_path, lanes) if self._trace_path is not None else None
        self.host = Host(
            clock=clock,
            loop=loop,
            live=live,
            progress=Progress(loop, None if live else self._stalled),
            trace=trace,
            say=self._health.told,
            fail=self._fail,
            lose=self._health.lose,
            degraded=self._health.degrade,
            recovered=self._health.recovered,
            late=self._health.late,
            in_time=self._health.in_time,
            warn=self._health.warn,
            stop=self.stop,
            service=self.services.get,
            cpu=self._cpu,
            seed=self.plan.seed,
        )
        host = self.host
        host.versions |= {node.id: Versions(node.params) for node in self.plan.nodes}
        host.versions |= {item.id: Versions(item.params) for item in self.plan.functions}
        host.versions[SHOW] = Versions(self.plan.show)
        host.functions = {item.id: FunctionLife(item, host) for item in self.plan.functions}
        self.bus = Bus(self.plan, host.versions, lambda: host.lead_pts_ns)
        host.led = self.bus.advance
        self._stage = Stage(self.plan, host)
        self.bus.listen(self._stage.changed)

    async def _start(self) -> None:
        """Set up and warm every node at once. One that fails ends it for all, unless its policy is `skip`; a function
        has none.
        """
        workers, functions = list(self.all_workers.values()), list(self.host.functions.values())
        self._phase = "warming"
        in_turn = asyncio.Lock()
        lives = [*functions, *(worker.life for worker in workers)]
        self._starting = asyncio.gather(*(life.start(in_turn) for life in lives), return_exceptions=True)
        try:
            results = await self._starting
        except asyncio.CancelledError:
            if not self.host.stopping:
                await asyncio.gather(*(worker.life.stop() for worker in workers))
                raise
            results = []
        fatal = [result for result in results[: len(functions)] if isinstance(result, BaseException)]
        for worker, result in zip(workers, results[len(functions) :], strict=False):
            if isinstance(result, BaseException) and worker.plan.on_error == "skip":
                self._health.lose(worker.plan.id, result)
                worker.give_up()
            elif isinstance(result, BaseException):
                fatal.append(result)
        if fatal or self.host.stopping:
            await asyncio.gather(*(worker.life.stop() for worker in workers))
        if fatal:
            raise fatal[0]

    async def _play(self, duration_s: float | None, on_tick: Callable[[dict[str, Any]], None] | None) -> None:
        host = self.host
        if self._garbage is not None:
            self._garbage.settle()
            host.let_go = self._garbage.stir
        host.epoch_ns = host.clock.now_ns()
        if host.trace is not None:
            host.trace.epoch_ns = host.epoch_ns
        self.opened = True
        self._phase = "running"
        if self.registry is not None:
            self.registry.manager.hook.livegraph_run_started(run=self)
        if duration_s is not None and host.live:
            host.loop.call_later(duration_s, self.stop)
        elif duration_s is not None:
            host.until_pts_ns = round(duration_s * 1e9)
        workers = self.all_workers.values()
        for _ in workers:
            host.progress.joined()
        self._tasks = [host.loop.create_task(worker.run(), name=worker.plan.id) for worker in workers]
        watchdog = LoopWatchdog(log.error) if host.live and isinstance(host.clock, RealClock) else None
        beside = [host.loop.create_task(Looks(self, watchdog).run())] if host.live else []
        if on_tick is not None:
            beside.append(host.loop.create_task(self._tick(on_tick)))
        try:
            await asyncio.wait(self._tasks)
        except asyncio.CancelledError:  # whoever runs us gives up: all is closed first
            self.cancel()
            await asyncio.wait(self._tasks)
            raise
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if watchdog is not None:
                watchdog.close()

    async def _tick(self, on_tick: Callable[[dict[str, Any]], None]) -> None:
        while True:
            await asyncio.to_thread(on_tick, self.stats())
            await asyncio.sleep(TICK_S)

    def _fail(self, node: str, error: BaseException) -> None:
        self._health.lose(node, error)
        self.host.loop.call_soon(self.stop)

    def _stalled(self) -> None:
        """Offline, everyone waits: the smallest full edge grows, under the memory cap."""
        full = sorted((edge for edge in self.edges if edge.full and not edge.ended), key=lambda edge: edge.capacity)
        held = sum(edge.nbytes for edge in self.edges)
        if full and held < MEMORY_CAP:
            full[0].capacity *= 2
            full[0].producer.set()
        elif self._health.error is None:
            text = f"the graph waits for itself, with {held >> 20} MiB held: {self._stage.who_waits()}"
            self._health.error = Stalled(text)
            self.cancel()

    def _interrupted(self) -> None:
        """A signal came: the first ends the run in order, a second one at once."""
        if not hasattr(self, "host"):
            return
        if self.host.stopping:
            self.cancel()
        else:
            self.stop()


__all__ = ["Outcome", "Run"]
