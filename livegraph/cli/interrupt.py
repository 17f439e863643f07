"""Ctrl-C while the command is still being imported, which takes longer than an impatient finger.

Importing livegraph imports this first, and this acts at once: nothing of ours runs earlier.
"""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
"""The exit code that shells give to what Ctrl-C ended: 128 and the number of SIGINT."""


def _leave_quietly_until_ready() -> None:
    """Where livegraph is imported to be the command (`livegraph`, `python -m livegraph`), there is nothing to undo yet:
    Ctrl-C ends it, and without a traceback through other people's packages. A program that embeds livegraph keeps its
    own way.
    """
    if _is_the_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def ready() -> None:
    """The command is up: from here on Ctrl-C is a KeyboardInterrupt, or what a run makes of it. For `run` that is when
    its graph is planned: Python loses a KeyboardInterrupt that comes in the midst of an import lock.
    """
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_the_command() -> bool:
    """While `python -m` looks for the module, `sys.argv[0]` is `-m`."""
    program = sys.argv[0] if sys.argv else ""
    return program == "-m" or os.path.basename(program) == "livegraph"  # noqa: PTH119 (pathlib takes longer to import)


def _leave(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)


_leave_quietly_until_ready()
