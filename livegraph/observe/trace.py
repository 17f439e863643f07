"""Chrome trace JSON (opens in Perfetto), streamed to disk: spans wait, run and transfer per frame and node."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

BATCH = 512

log = logging.getLogger("livegraph")


class Span(NamedTuple):
    """One call of one node: times in ns of the run's clock."""

    lane: int
    seq: int
    pts_ns: int
    put_ns: int
    began_ns: int
    ended_ns: int
    done_ns: int


class Trace:
    """Collects spans on the loop and writes them on a thread of its own, in batches: memory stays flat.

    The file is a JSON array, which viewers accept unfinished: it can be read after a kill.
    """

    def __init__(self, path: Path, lanes: list[str]) -> None:
        self.epoch_ns = 0
        self._batch: list[Span] = []
        self._queue: SimpleQueue[list[Span] | None] = SimpleQueue()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")
        names = [
            {"name": "thread_name", "ph": "M", "pid": 1, "tid": lane, "args": {"name": name}}
            for lane, name in enumerate(lanes)
        ]
        self._file.write("[\n" + ",\n".join(json.dumps(name) for name in names))
        self._writer = threading.Thread(target=self._write, name="livegraph trace", daemon=True)
        self._writer.start()

    def add(self, span: Span) -> None:
        self._batch.append(span)
        if len(self._batch) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Hand what is collected to the writer."""
        self._queue.put(self._batch)
        self._batch = []

    def close(self) -> None:
        self.flush()
        self._queue.put(None)
        self._writer.join()

    def _write(self) -> None:
        try:
            with self._file as file:
                while (batch := self._queue.get()) is not None:
                    file.write("".join(self._render(span) for span in batch))
                    file.flush()
                file.write("\n]\n")
        except OSError as error:  # a full disk: the run goes on without its trace
            log.error("the trace cannot be written any further: %s", error.strerror)
            while self._queue.get() is not None:
                pass

    def _render(self, span: Span) -> str:
        """A source has nothing to wait for: its `put_ns` is 0."""
        steps = [("run", span.began_ns, span.ended_ns), ("transfer", span.ended_ns, span.done_ns)]
        if span.put_ns:
            steps.insert(0, ("wait", span.put_ns, span.began_ns))
        return "".join(
            f',\n{{"name":"{name}","ph":"X","pid":1,"tid":{span.lane},"ts":{(start - self.epoch_ns) / 1e3:.3f},'
            f'"dur":{max(0, end - start) / 1e3:.3f},"args":{{"seq":{span.seq},"pts_ms":{span.pts_ns / 1e6:.3f}}}}}'
            for name, start, end in steps
        )
