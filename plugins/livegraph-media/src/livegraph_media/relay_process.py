"""A relay as the process that it is: started, given work, listened to, ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress

from livegraph_media.wire import CONNECT, Chunk, Errand, write_chunk, write_errand

_COMMAND = (sys.executable, "-P", "-m", "livegraph_media.relay")


class Lost(Exception):
    """There is no connection to the server (any more); says why."""


class RelayProcess:
    """Runs `livegraph_media.relay`. All but `kill` is for one thread; whatever blocks here, `kill` ends."""

    def __init__(self) -> None:
        # A session of its own: a Ctrl-C at the terminal is for the graph, which then ends its relays in order.
        self._child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        assert self._child.stdin is not None and self._child.stdout is not None
        self._pipe, self._answers = self._child.stdin, self._child.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._heard = b""
        self._errand: Errand | None = None

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def connect(self, errand: Errand) -> None:
        """Reach the server; raises Lost where that fails. The errand of the first call is that of all."""
        try:
            if self._errand is None:
                self._errand = errand
                write_errand(self._pipe, errand)
            self.send(CONNECT)
        except OSError as error:
            raise Lost(self._epitaph()) from error
        self._hear(None)

    def send(self, chunk: Chunk) -> None:
        """Hand a packet over; waits while the pipe is full. Raises Lost."""
        try:
            write_chunk(self._pipe, chunk)
            self._pipe.flush()
        except OSError as error:
            raise Lost(self._epitaph()) from error

    def check(self) -> None:
        """Raises Lost where the connection has gone."""
        self._hear(0)

    def close(self) -> None:
        """Let it send what it has, and wait until it has ended."""
        with suppress(OSError):
            self._pipe.close()
        self._child.wait()
        assert self._child.stdout is not None
        self._child.stdout.close()

    def kill(self) -> None:
        """End it now; from any thread."""
        self._child.kill()

    def _hear(self, wait_ms: int | None) -> None:
        """Wait for an answer, as long as it takes where `wait_ms` is None."""
        while b"\n" not in self._heard:
            if not self._poll.poll(wait_ms):
                return
            told = os.read(self._answers, 4096)
            if not told:
                raise Lost(self._epitaph())
            self._heard += told
        line, _, self._heard = self._heard.partition(b"\n")
        what, _, reason = line.decode().partition(" ")
        if what == "lost":
            raise Lost(reason)

    def _epitaph(self) -> str:
        """Why the process has ended."""
        code = self._child.wait()
        if code == -signal.SIGALRM and self._errand is not None:
            return f"no answer for {self._errand.patience_s:g} s"
        return f"the process that sends ended with {code}"
