"""The thread that brings packets to a server, and looks for the server again where it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from livegraph_media.backlog import Backlog, Wanted
from livegraph_media.link import Link
from livegraph_media.relay_process import Lost, RelayProcess
from livegraph_media.wire import Chunk, Errand

LEAVE_S = 2.0
"""How long the last packets may take."""
_LOOK_S = 0.1
_KILLED_S = 1.0


class Sender:
    """Sends what is `put`. Nothing here waits for the server but the thread; `close` does, for at most 3 s."""

    def __init__(self, name: str, say: Callable[[str], None], now_ns: Callable[[], int]) -> None:
        """Starts the relay, which takes a moment; it connects once `begin` has told where to."""
        self._say, self._now_ns = say, now_ns
        self._link = Link(name, now_ns())
        self._backlog = Backlog()
        self._news = threading.Condition()
        self._ended = False
        self._failure: Exception | None = None
        self._errand: Errand | None = None
        self._relay = RelayProcess()
        self._thread = threading.Thread(target=self._run, name="media sender", daemon=True)
        self._thread.start()

    def begin(self, errand: Errand) -> None:
        with self._news:
            self._errand = errand
            self._news.notify()

    def wanted(self, pts_us: int) -> Wanted:
        """What to encode of the picture of this moment; see `Backlog`."""
        if self._failure is not None:
            raise self._failure
        with self._news:
            return self._backlog.wanted(pts_us)

    def put(self, chunks: Iterable[Chunk]) -> None:
        with self._news:
            for chunk in chunks:
                self._backlog.put(chunk)
            self._news.notify()

    def status(self) -> dict[str, Any]:
        return self._link.status(self._now_ns()) | {"dropped": self._backlog.dropped}

    def close(self) -> None:
        """Send what waits, and end. A server that does not take it in time is left without."""
        with self._news:
            self._ended = True
            self._news.notify()
        self._thread.join(LEAVE_S)
        if self._thread.is_alive():
            self._relay.kill()
            self._thread.join(_KILLED_S)

    def _run(self) -> None:
        try:
            if (errand := self._await_errand()) is not None:
                self._serve(errand)
        except Exception as error:  # a bug, not the server: raised where pictures come
            self._failure = error
        finally:
            self._relay.close()

    def _await_errand(self) -> Errand | None:
        with self._news:
            self._news.wait_for(lambda: self._errand is not None or self._ended)
            return None if self._ended else self._errand

    def _serve(self, errand: Errand) -> None:
        while not self._ended:
            try:
                self._relay.connect(errand)
                self._carry()
            except Lost as lost:
                self._lose(str(lost))

    def _carry(self) -> None:
        """Send until the end, or until the connection is lost."""
        self._link.connected(self._now_ns())
        with self._news:
            self._backlog.open()
        while (chunk := self._next()) is not None or not self._ended:
            if chunk is not None:
                self._relay.send(chunk)
                self._tell(self._link.sent(len(chunk.data), self._now_ns()))
            self._relay.check()

    def _next(self) -> Chunk | None:
        with self._news:
            chunk = self._backlog.take()
            if chunk is None and not self._ended:
                self._news.wait(_LOOK_S)
                chunk = self._backlog.take()
            return chunk

    def _lose(self, reason: str) -> None:
        with self._news:
            self._backlog.close()
        self._tell(self._link.lost(reason, self._now_ns()))
        with self._news:
            self._news.wait_for(lambda: self._ended, self._link.wait_s)
        if not self._ended and not self._relay.alive:
            self._relay.close()
            self._relay = RelayProcess()

    def _tell(self, line: str | None) -> None:
        if line is not None:
            self._say(line)
