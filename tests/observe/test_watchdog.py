"""What holds the loop is named; a process that was stopped is not blamed for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from livegraph.observe.watchdog import LoopWatchdog


def test_who_holds_the_loop_is_named() -> None:
    said: list[str] = []
    watchdog = LoopWatchdog(said.append, 0.2)
    time.sleep(0.8)
    watchdog.close()
    assert len(said) == 1 and "the event loop is held since" in said[0] and "test_watchdog" in said[0]


STOPPED = """
import time
from livegraph.observe.watchdog import LoopWatchdog
watchdog = LoopWatchdog(print, 1.0)
print("ready", flush=True)
for _ in range(40):
    watchdog.beat()
    time.sleep(0.05)
watchdog.close()
"""


def test_a_process_that_was_stopped_held_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", STOPPED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(2.5)
        os.kill(process.pid, signal.SIGCONT)
        rest, _ = process.communicate(timeout=30)
    assert rest == ""
