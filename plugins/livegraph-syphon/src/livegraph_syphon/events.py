"""The service `syphon`: lets Cocoa's events through on the main thread, and knows which servers there are.

Syphon's servers announce themselves by notifications, which macOS delivers to a program's main thread alone, while its
run loop runs. That is where a run's event loop is, and Python's does not run Cocoa's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from livegraph import NodeError
from livegraph_syphon.library import Description, load

PERIOD_S = 0.1
_ANSWER_S = 5.0


class Run(Protocol):
    """As much of a run as this needs."""

    def ask(self, function: Callable[[], Any], /) -> Future[Any]: ...


class Events:
    """From the first node that asks until all have ended. Each pass takes what is there, and waits for nothing."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._directory = load("syphon").syphon.SyphonServerDirectory()
        self._directory.run_loop_interval = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="syphon events", daemon=True)
        self._thread.start()

    def servers(self) -> Sequence[Description]:
        """Those that are known now; from any thread but the run's own."""
        try:
            found: Sequence[Description] = self._run.ask(lambda: self._directory.servers).result(_ANSWER_S)
        except TimeoutError:
            raise NodeError(f"the run's loop did not ask for Syphon servers within {_ANSWER_S:g} s") from None
        return found

    def close(self) -> None:
        self._stop.set()
        self._thread.join(_ANSWER_S)
        self._directory.close()

    def _pump(self) -> None:
        asked: Future[Any] | None = None
        while not self._stop.wait(PERIOD_S):
            if asked is None or asked.done():  # never waited for: `close` is called on the thread that would answer
                asked = self._run.ask(self._directory.update_run_loop)
