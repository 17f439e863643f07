"""What attacks are measured by: the CPU time of the loop that serves all, and what a process holds."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from asyncio.events import Handle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

MOST_S = 0.1
"""How long the server's loop may be busy with one thing."""


@dataclass
class Longest:
    """The callback of a loop that took most CPU time, garbage collection apart: that is the heap's, not the attack's.
    `late_s`: how much later than asked a heartbeat came at worst, which a busy neighbour has a part in.
    """

    cpu_s: float = 0.0
    what: str = ""
    late_s: float = 0.0
    collecting_s: float = field(default=0.0, repr=False)

    def callback(self, run: Callable[[Handle], None], handle: Handle) -> None:
        began_s, collected_s = time.thread_time(), self.collecting_s
        run(handle)
        took_s = time.thread_time() - began_s - (self.collecting_s - collected_s)
        if took_s > self.cpu_s:
            self.cpu_s, self.what = took_s, repr(handle)[:200]

    async def beat(self, every_s: float = 0.01) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + every_s
            await asyncio.sleep(every_s)
            self.late_s = max(self.late_s, loop.time() - due_s)


@contextmanager
def longest(loop: asyncio.AbstractEventLoop) -> Iterator[Longest]:
    """Watch each callback of a loop that runs in another thread."""
    found, run, began = Longest(), Handle._run, [0.0]
    watched = _on(loop, threading.get_ident)

    def timed(handle: Handle) -> None:
        if threading.get_ident() == watched:
            found.callback(run, handle)
        else:
            run(handle)

    def collecting(phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() != watched:
            return
        if phase == "start":
            began[0] = time.thread_time()
        else:
            found.collecting_s += time.thread_time() - began[0]

    beating = asyncio.run_coroutine_threadsafe(found.beat(), loop)
    gc.callbacks.append(collecting)
    Handle._run = timed  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Handle._run = run  # type: ignore[method-assign]
        gc.callbacks.remove(collecting)
        beating.cancel()


@dataclass(frozen=True)
class Held:
    """What a process holds that an attack could leave behind."""

    fds: int
    tasks: int
    connections: int


def held_by(server: Any) -> Held:
    gc.collect()
    loop = server.loop
    tasks = _on(loop, lambda: len(asyncio.all_tasks(loop)))
    return Held(psutil.Process().num_fds(), tasks, len(server._uvicorn.server_state.connections))


def _on(loop: asyncio.AbstractEventLoop, function: Callable[[], Any]) -> Any:
    async def called() -> Any:
        return function()

    return asyncio.run_coroutine_threadsafe(called(), loop).result(10)


def dial(address: str, buffer: int | None = None, within_s: float = 5.0) -> socket.socket:
    """A bare connection, which does only what it is told."""
    made = socket.socket()
    if buffer is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(within_s)
    made.connect(("127.0.0.1", int(address.rpartition(":")[2])))
    return made


def say(made: socket.socket, data: bytes) -> bytes:
    """Send it, and what comes back until the other side has enough, or says nothing more."""
    heard = b""
    try:
        made.sendall(data)
        while part := made.recv(1 << 16):
            heard += part
    except OSError:
        pass
    return heard


@contextmanager
def upgraded(address: str, node: str, within_s: float = 5.0) -> Iterator[socket.socket]:
    """A bare connection that is a WebSocket now, of a node; it reads nothing by itself, and has a small buffer."""
    head = f"GET /socket/{node} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    with dial(address, buffer=4096, within_s=within_s) as made:
        made.sendall(head.encode())
        assert b" 101 " in made.recv(4096)
        yield made
