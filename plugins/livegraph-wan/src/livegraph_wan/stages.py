"""Where the three stages of a chunk run: one after the other, or each on a line of its own, beside the others.

A chunk is encoded, denoised and drawn. While one is denoised, the next may be encoded and the one before drawn: the
engine says what belongs to which stage, and a `Line` where and when that runs. Work of one stage runs in the order in
which it was put there; what one stage makes for the next is a `Promise`.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Stage = Literal["encode", "denoise", "draw"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Promise(Protocol[T_co]):
    """What a stage makes."""

    def get(self) -> T_co:
        """It, for whoever asks, or the error that came instead. On a device it may still be computed."""


class Line(Protocol):
    """Runs the stages' work."""

    def put(self, stage: Stage, work: Callable[[], T]) -> Promise[T]:
        """Run `work` after all that was put into `stage` before it; it may `get` what earlier work promised."""

    def join(self) -> None:
        """Wait until the host has run all that was put; errors stay with their promises."""


class Made(Generic[T]):
    """A promise that is kept."""

    def __init__(self, value: T) -> None:
        self._value = value

    def get(self) -> T:
        return self._value


class InTurn:
    """All work at once, where it is put."""

    def put(self, stage: Stage, work: Callable[[], T]) -> Promise[T]:
        return Made(work())

    def join(self) -> None:
        pass


class Threads:
    """A thread for each stage. They end with the line."""

    def __init__(self, computing: Callable[[], AbstractContextManager[Any]], begin: Callable[[], None]) -> None:
        """`computing` is what work runs in, on every thread; each does `begin` first."""
        self._computing = computing
        self._pools = {stage: ThreadPoolExecutor(1, f"wan-{stage}", begin) for stage in STAGES}
        self._last: dict[Stage, Future[Any]] = {}

    def put(self, stage: Stage, work: Callable[[], T]) -> Promise[T]:
        future = self._pools[stage].submit(self._run, work)
        self._last[stage] = future
        return _Awaited(future)

    def _run(self, work: Callable[[], T]) -> T:
        with self._computing():
            return work()

    def join(self) -> None:
        for future in self._last.values():
            future.exception()


class _Awaited(Generic[T]):
    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def get(self) -> T:
        return self._future.result()
