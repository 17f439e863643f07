"""The window's own process: `python -m livegraph_window.child PIXELS DISPLAY SIZE TITLE`.

SDL wants one thread for its window, its events and its drawing, and macOS wants it to be a process's first thread. A
process of its own gives it that beside any runtime, keeps the keys alive while the stream stands still, and lets a
run have as many windows as there are displays.

PIXELS is the file descriptor of a file that both processes map. On the standard input comes a JSON line per picture,
`{"width", "height", "fullscreen", "smooth"}`, once its rgb24 pixels stand in the file; the answer is a line
`{"closed": false}` when it is on the screen, so neither ever writes what the other reads. The first line out is
`{"ready": true}`, or `{"error": "..."}`. The end of the input is the end of the process.
"""

from __future__ import annotations

import json
import mmap
import select
import signal
import sys
from typing import Any

from livegraph_window.screen import Screen, ScreenError

LISTEN_EVERY = 0.02
"""Seconds between two looks at the keyboard while no picture comes. SDL's events cannot be waited for beside a pipe."""


def answer(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def serve(screen: Screen, descriptor: int) -> None:
    """Show pictures until the input ends."""
    pixels: mmap.mmap | None = None
    while True:
        if select.select([sys.stdin], [], [], LISTEN_EVERY)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            said = json.loads(line)
            size = said["width"], said["height"]
            if pixels is None or len(pixels) < 3 * size[0] * size[1]:
                pixels = mmap.mmap(descriptor, 0)
            view = memoryview(pixels)[: 3 * size[0] * size[1]]
            screen.show(view, size, fullscreen=said["fullscreen"], smooth=said["smooth"])
            answer(closed=screen.closed)
        if not screen.closed:
            screen.listen()


def main(descriptor: str, display: str, size: str, title: str) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # sent to the whole group; the run closes its window when it has drained
    try:
        screen = Screen(int(display), size, title)
    except ScreenError as error:
        answer(error=str(error))
        return
    answer(ready=True)
    serve(screen, int(descriptor))


if __name__ == "__main__":
    main(*sys.argv[1:])
