"""One place for the newest."""

from __future__ import annotations

import threading
import time

import pytest

from livegraph_webrtc.newest import Newest


def test_the_newest_wins_and_is_taken_once() -> None:
    newest: Newest[int] = Newest()
    for number in range(3):
        newest.put(number)
    assert newest.take(0) == 2
    assert newest.take(0) is None
    assert newest.replaced == 2


def test_who_waits_is_woken() -> None:
    newest: Newest[int] = Newest()
    threading.Timer(0.05, newest.put, (7,)).start()
    began = time.monotonic()
    assert newest.take(10) == 7
    assert time.monotonic() - began < 5


def test_a_failure_is_raised_once() -> None:
    newest: Newest[int] = Newest()
    newest.fail(ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        newest.take(0)
    assert newest.take(0) is None
