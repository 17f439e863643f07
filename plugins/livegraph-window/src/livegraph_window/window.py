"""Window: a window in a process of its own, as the node sees it. The other end is `child.py`."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import select
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

from livegraph import Image, InputError, NodeError, size_of

TO_START = 30.0
TO_SHOW = 8.0
TO_END = 2.0
"""Seconds that the window's process has for each; then it is ended. `TO_SHOW` is less than a node's watchdog time, so
that a window that hangs is an error, after which a new one opens.
"""


class Window:
    """Starts the process; `show` hands it a picture and waits until that is on the screen."""

    def __init__(self, display: int, size: str, title: str) -> None:
        self._shared: int | None = _shared_file()
        self._pixels: mmap.mmap | None = None
        self.closed = False
        command = [sys.executable, "-m", "livegraph_window.child", str(self._shared), str(display), size, title]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[self._shared], text=True
        )
        self._greet()

    @property
    def pid(self) -> int:
        """The window's process."""
        return self._process.pid

    def _greet(self) -> None:
        try:
            said = self._hear(TO_START)
        except NodeError:
            self.close()
            raise
        if "error" in said:
            self.close()
            raise InputError(said["error"])

    def show(self, picture: Image, *, fullscreen: bool, smooth: bool) -> None:
        """Show rgb24, uint8 [H, W, 3]; `closed` tells afterwards whether the user has closed the window."""
        width, height = size_of(picture)
        np.copyto(self._room(picture.nbytes).reshape(picture.shape), picture)
        self._tell(width=width, height=height, fullscreen=fullscreen, smooth=smooth)
        self.closed = self._hear(TO_SHOW)["closed"]

    def _room(self, length: int) -> Image:
        """`length` bytes of the file that both processes map."""
        if self._shared is None:
            raise NodeError("the window is closed")
        if self._pixels is None or len(self._pixels) < length:
            os.ftruncate(self._shared, length)
            self._pixels = mmap.mmap(self._shared, length)
        return np.frombuffer(self._pixels, np.uint8, length)

    def _tell(self, **words: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _hear(self, seconds: float) -> dict[str, Any]:
        """The next line from the process, of which there is one per question."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self._process.kill()
            raise NodeError(f"the window's process did not answer within {seconds:g} s, and was ended")
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        said: dict[str, Any] = json.loads(line)
        return said

    def _ended(self) -> NodeError:
        return NodeError(f"the window's process ended unasked, with code {self._process.wait()}")

    def close(self) -> None:
        """End the process; it closes its window. Does nothing the second time."""
        if self._shared is None:
            return
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone already, and its last words are not needed
            self._process.stdin.close()
        try:
            self._process.wait(TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        os.close(self._shared)
        self._shared = None


def _shared_file() -> int:
    """The descriptor of an empty file without a name; in memory where the system offers that (Linux)."""
    if sys.platform == "linux":
        return os.memfd_create("livegraph-window")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
