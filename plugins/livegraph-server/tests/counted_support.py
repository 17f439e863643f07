"""A server whose memory, descriptors and tasks are its own, and can be asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROWTH = 1.02
"""Of resident memory, from after the first 100 to the last: what a leak of 1 KiB a join would pass."""


@dataclass
class Counted:
    """Somebody else's process, which counts itself."""

    process: subprocess.Popen[str]
    address: str

    def counts(self) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def settled(self, true: Callable[[dict[str, Any]], bool], within_s: float = 30) -> dict[str, Any]:
        """Its counts, once they are so."""
        ends_s = time.monotonic() + within_s
        while not true(counts := self.counts()):
            assert time.monotonic() < ends_s, counts
            time.sleep(0.2)
        return counts


@contextmanager
def counted(nodes: dict[str, Any]) -> Iterator[Counted]:
    command = [sys.executable, str(Path(__file__).with_name("counted_show.py")), json.dumps(nodes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Counted(process, process.stdout.readline().strip())
        finally:
            process.kill()


def check_joins(show: Counted, join: Callable[[int], None], times: int = 1000) -> str:
    """`join(count)`: so many come and go. Whether that left nothing behind; the figures, as a line."""
    join(times // 10)
    time.sleep(1)
    first = show.counts()
    join(times - times // 10)
    last = show.settled(lambda now: now["fds"] <= first["fds"] and now["tasks"] <= first["tasks"])
    line = f"{times} joins: RSS {first['rss'] >> 10} -> {last['rss'] >> 10} KiB ({last['rss'] / first['rss'] - 1:+.2%})"
    line += f", fds {first['fds']} -> {last['fds']}, tasks {first['tasks']} -> {last['tasks']}"
    assert last["rss"] <= GROWTH * first["rss"], line
    return line
