"""Signals that end a run."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGHUP says that the terminal was closed."""


@contextmanager
def called_on_signals(received: Callable[[], None]) -> Iterator[None]:
    """On the running loop, until the end; one that is ignored stays so, as `nohup` asks. Where a loop cannot be told of
    signals (Windows, or not the main thread), Python's own handling stays.
    """
    loop = asyncio.get_running_loop()
    numbers = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        for number in numbers:
            loop.add_signal_handler(number, received)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


__all__ = ["called_on_signals"]
