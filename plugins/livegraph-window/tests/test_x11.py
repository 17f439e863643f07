"""A real window on a real X server (Xvfb), seen and steered from outside."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livegraph import Image

TOOLS = ("Xvfb", "xdotool")
missing = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")

PLAYER = """
import numpy as np, sys, threading, time
from livegraph import Context, EndOfStream, Frame
from livegraph_window.show import Show

assert Show.unavailable(Show.Params()) is None
window = Show(Show.Params(size="400x300", title="stage"), Context("window", "live", None))
picture = np.zeros((300, 300, 3), np.uint8)
picture[:150, :, 0] = 255
picture[150:, :, 2] = 255

def play():
    window.setup()
    for count in range(3000):
        if window.process(Frame(count, data=picture)) == EndOfStream():
            print("ended", flush=True)
            break
        if count == 5:
            print("showing", window._window.pid, flush=True)
        time.sleep(0.01)
    window.teardown()

thread = threading.Thread(target=play)
thread.start()
thread.join()
"""


@pytest.fixture
def x11(tmp_path: Path) -> Iterator[str]:
    """The name of a fresh X display, whose screen is also the file `Xvfb_screen0`."""
    read, write = os.pipe()
    command = ["Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-displayfd", str(write)]
    command += ["-fbdir", str(tmp_path)]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        assert select.select([read], [], [], 20)[0], "Xvfb did not start within 20 s"
        yield ":" + os.read(read, 16).decode().strip()
    finally:
        os.close(read)
        server.terminate()
        server.wait()


def screenshot(path: Path) -> Image:
    """The picture in an XWD file of 32 bits per pixel, uint8 [H, W, 3]; see X11/XWDFile.h."""
    content = path.read_bytes()
    header = np.frombuffer(content[:100], ">u4")
    width, height, line, colours = header[4], header[5], header[12], header[19]
    pixels = np.frombuffer(content, np.uint8, height * line, header[0] + 12 * colours)
    return pixels.reshape(height, line)[:, : 4 * width].reshape(height, width, 4)[:, :, 2::-1]


def xdotool(display: str, *command: str) -> str:
    ran = subprocess.run(
        ["xdotool", *command], env={**os.environ, "DISPLAY": display}, stdout=subprocess.PIPE, check=True
    )
    return ran.stdout.decode()


def await_full_screen(path: Path) -> None:
    """Until the 300x300 picture stands 600x600 in the middle of the 800x600 screen."""
    end = time.monotonic() + 20
    while not _is_full(screenshot(path)):
        assert time.monotonic() < end, "the picture did not fill the screen within 20 s"
        time.sleep(0.05)


def _is_full(seen: Image) -> bool:
    bars = seen[:, :100].any() or seen[:, 700:].any()
    return not bars and bool((seen[:295, 100:700] == (255, 0, 0)).all() and (seen[305:, 100:700] == (0, 0, 255)).all())


def test_the_picture_is_on_the_screen_f_fills_it_and_escape_ends_it(x11: str, tmp_path: Path) -> None:
    environ = {**os.environ, "DISPLAY": x11, "SDL_VIDEODRIVER": "x11"}
    command = [sys.executable, "-W", "error", "-c", PLAYER]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as player:
        try:
            assert player.stdout is not None
            word, pid = player.stdout.readline().split()
            assert word == "showing"
            window = xdotool(x11, "search", "--onlyvisible", "--pid", pid).split()[-1]
            geometry = xdotool(x11, "getwindowgeometry", "--shell", window)
            place = dict(line.split("=") for line in geometry.splitlines())
            x, y = int(place["X"]), int(place["Y"])
            seen = screenshot(tmp_path / "Xvfb_screen0")[y : y + 300, x : x + 400]
            assert not seen[:, :50].any() and not seen[:, 350:].any()
            assert (seen[:150, 50:350] == (255, 0, 0)).all()
            assert (seen[150:, 50:350] == (0, 0, 255)).all()
            xdotool(x11, "windowfocus", "--sync", window, "key", "f")
            await_full_screen(tmp_path / "Xvfb_screen0")
            xdotool(x11, "key", "Escape")
            assert player.stdout.readline().strip() == "ended"
            assert player.wait(20) == 0
        finally:
            player.kill()


def test_without_an_x_server_the_error_says_what_to_do() -> None:
    environ = {**os.environ, "DISPLAY": ":4093", "SDL_VIDEODRIVER": "x11"}
    ran = subprocess.run([sys.executable, "-c", PLAYER], env=environ, stderr=subprocess.PIPE, text=True, check=False)
    assert "no window can be opened here" in ran.stderr and "Leave window.show out" in ran.stderr
