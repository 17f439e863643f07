"""A daemon thread that does one thing after the other: what a device keeps per thread stays in one place."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Lane:
    """Calls in order, on a thread of their own, which a call that hangs does not keep the process from ending."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """What it returns or raises, once what was begun before is done."""
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._calls.put(call)
        return done

    def call(self, work: Callable[[], T]) -> T:
        """Wait for it."""
        return self.begin(work).result()

    def close(self) -> None:
        """The thread ends after what was begun."""
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
            del call  # it holds what it worked on
