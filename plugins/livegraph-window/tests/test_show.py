"""The node and the window's process, on SDL's dummy driver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from livegraph import Context, EndOfStream, Frame, Image, InputError, NodeError
from livegraph_window.show import Show

Open = Callable[..., Show]
Colours = Callable[[int, int], Image]


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


@pytest.fixture
def show(dummy: None) -> Iterator[Open]:
    """Makes windows from parameters, and closes them."""
    opened: list[Show] = []

    def make(**params: Any) -> Show:
        window = Show(Show.Params(**params), Context("window", "live", NoClock()))
        opened.append(window)
        window.setup()
        return window

    yield make
    for window in opened:
        window.teardown()


def test_pictures_of_every_size_and_layout_are_taken(show: Open, colours: Colours) -> None:
    window = show()
    padded = colours(700, 480)[:, :640]
    for picture in (colours(64, 48), colours(640, 480), padded, colours(3, 2)):
        assert window.process(Frame(0, data=picture)) is None


def test_a_closed_window_ends_the_stream_here(show: Open, colours: Colours) -> None:
    window = show()
    window.process(Frame(0, data=colours(64, 48)))
    window._window.closed = True
    assert window.process(Frame(1, data=colours(64, 48))) == EndOfStream()


def test_two_windows_are_shown_beside_each_other(show: Open, colours: Colours) -> None:
    for window in (show(title="left"), show(title="right")):
        assert window.process(Frame(0, data=colours(64, 48))) is None


def test_a_display_that_is_not_there_is_named(show: Open) -> None:
    with pytest.raises(InputError, match=r"display 7 is not there: this machine has 1"):
        show(display=7)


def test_a_window_process_that_dies_is_an_error_that_says_so(show: Open, colours: Colours) -> None:
    window = show()
    window.process(Frame(0, data=colours(64, 48)))
    os.kill(window._window.pid, signal.SIGKILL)
    with pytest.raises(NodeError, match="window's process ended unasked, with code -9"):
        for _ in range(3):
            window.process(Frame(1, data=colours(64, 48)))


def test_a_window_process_that_hangs_is_ended_and_named(
    show: Open, colours: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegraph_window.window.TO_SHOW", 0.2)
    window = show()
    os.kill(window._window.pid, signal.SIGSTOP)
    with pytest.raises(NodeError, match=r"did not answer within 0.2 s"):
        window.process(Frame(0, data=colours(64, 48)))


def test_stop_signals_to_the_whole_group_leave_the_window_to_its_node(show: Open, colours: Colours) -> None:
    window = show()
    for stop in (signal.SIGINT, signal.SIGTERM):
        os.kill(window._window.pid, stop)
        assert window.process(Frame(1, data=colours(64, 48))) is None


def test_closing_ends_the_process_soon(show: Open, colours: Colours) -> None:
    window = show()
    window.process(Frame(0, data=colours(64, 48)))
    start = time.monotonic()
    window.teardown()
    assert time.monotonic() - start < 1.5
    assert window._window._process.returncode == 0


KILLED = """
import os, signal
from livegraph_window.window import Window
window = Window(0, "auto", "orphan")
print("open", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_window_goes_when_the_run_is_killed(dummy: None) -> None:
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        out, _ = run.communicate(timeout=20)  # returns once the window's process, which shares stderr, is gone too
    assert out.strip() == "open"


def test_the_window_process_is_light() -> None:
    code = "import sys, livegraph_window.child; assert not {'livegraph', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_written_into_the_picture(show: Open) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    before = picture.copy()
    show().process(Frame(0, data=picture))
    np.testing.assert_array_equal(picture, before)
