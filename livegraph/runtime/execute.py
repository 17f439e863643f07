"""Where a node's code runs: on the event loop, or on a thread of its own.

The seam for what comes later (processes, other machines): an executor runs one call at a time, in order, says when the
call itself began and ended, and can abandon a call that hangs.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol

from livegraph.types import Clock


class Done(NamedTuple):
    """A finished call: its result, and when it ran (clock time, ns), queueing excluded."""

    result: Any
    began_ns: int
    ended_ns: int


class Executor(Protocol):
    """Runs the calls of one node. `spent`: it gave a call up and takes no more; only a new one does."""

    spent: bool

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Done:
        """Run and wait. Raises what the function raises."""
        ...

    def interrupt(self, error: BaseException, then: Callable[[], Any] | None = None) -> None:
        """The call in flight raises `error` in its caller now; what it may still return is thrown away. Where that
        spends the executor, `then` runs once the call does return; elsewhere `then` is the caller's to call.
        """
        ...

    def stack(self) -> str:
        """Where the call in flight is, as Python shows a traceback."""
        ...

    def close(self) -> None: ...


class LoopExecutor:
    """Runs `async def` calls in the worker's own task: no hand-over. A call that never awaits holds the loop."""

    spent = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._task: asyncio.Task[Any] | None = None
        self._error: BaseException | None = None

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Done:
        began = self._clock.now_ns()
        try:
            result = function(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await self._awaited(result)
        except SystemExit as error:
            raise _not_its_business(error) from error
        return Done(result, began, self._clock.now_ns())

    async def _awaited(self, awaitable: Awaitable[Any]) -> Any:
        task = self._task = asyncio.current_task()
        assert task is not None
        result = None
        try:
            result = await awaitable
        except (Exception, asyncio.CancelledError) as error:
            if self._error is None:
                if isinstance(error, asyncio.CancelledError) and not task.cancelling():
                    raise _not_its_business(error) from error
                raise
        finally:
            self._task = None
        if self._error is None:
            return result
        interrupted, self._error = self._error, None  # whatever the call made of it
        if task.uncancel():
            raise asyncio.CancelledError  # the run ends as well
        raise interrupted

    def interrupt(self, error: BaseException, then: Callable[[], Any] | None = None) -> None:
        if self._task is not None:
            self._error = error
            self._task.cancel()

    def stack(self) -> str:
        return "".join(traceback.format_list(_frames(self._task))) if self._task is not None else ""

    def close(self) -> None:
        """Nothing to let go."""


class ThreadExecutor:
    """Runs calls on one daemon thread, in order: thread-local GPU state stays valid, and blocking code may block."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self.spent = False
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[tuple[asyncio.Future[Done], Callable[[], Any]] | None] = SimpleQueue()
        self._current: asyncio.Future[Done] | None = None
        self._thread = threading.Thread(target=self._run, name=f"livegraph {name}", daemon=True)
        self._thread.start()

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Done:
        future: asyncio.Future[Done] = self._loop.create_future()
        self._current = future
        self._calls.put((future, lambda: function(*args, **kwargs)))
        try:
            return await future
        finally:
            self._current = None

    def interrupt(self, error: BaseException, then: Callable[[], Any] | None = None) -> None:
        self.spent = True
        if self._current is not None and not self._current.done():
            self._current.set_exception(error)
        if then is not None:
            late: asyncio.Future[Done] = self._loop.create_future()
            late.add_done_callback(lambda future: future.exception())  # nobody is left to be told
            self._calls.put((late, then))
        self.close()

    def stack(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""

    def close(self) -> None:
        self._calls.put(None)

    def _run(self) -> None:
        now = self._clock.now_ns
        while (item := self._calls.get()) is not None:
            future, function = item
            error: BaseException | None = None
            result = None
            began = now()
            try:
                result = function()
            except BaseException as raised:  # handed to the worker, whatever it is
                error = raised
            if not self._deliver(future, Done(result, began, now()), error):
                return
            del item, future, function, result, error

    def _deliver(self, future: asyncio.Future[Done], done: Done, error: BaseException | None) -> bool:
        """False where the loop is gone: this thread outlived its run."""
        try:
            self._loop.call_soon_threadsafe(_settle, future, done, error)
        except RuntimeError:
            return False
        return True


def _settle(future: asyncio.Future[Done], done: Done, error: BaseException | None) -> None:
    if future.done():  # interrupted meanwhile: too late
        return
    if error is None:
        future.set_result(done)
    elif isinstance(error, StopIteration) or not isinstance(error, Exception):
        future.set_exception(_not_its_business(error))
    else:
        future.set_exception(error)


def _not_its_business(error: BaseException) -> RuntimeError:
    """What would end the program, or pass for the end of the run, as an error of the node that raised it."""
    return RuntimeError(f"{type(error).__name__} raised by a node")


def _frames(task: asyncio.Task[Any] | None) -> list[traceback.FrameSummary]:
    """The await chain of a suspended task, outermost first."""
    frames: list[traceback.FrameSummary] = []
    awaited: Any = task.get_coro() if task is not None else None
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None)
        if frame is not None:
            frames += traceback.extract_stack(frame, limit=1)
        awaited = getattr(awaited, "cr_await", None)
    return frames
