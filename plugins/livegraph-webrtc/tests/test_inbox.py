"""The place between a sender and a source."""

from __future__ import annotations

import threading

import pytest

from livegraph_webrtc.inbox import MOST_SOUNDS, Inbox


def test_the_newest_picture_replaces_the_older() -> None:
    inbox: Inbox[str, bytes] = Inbox()
    inbox.put("first")
    inbox.put("second")
    assert (inbox.take(0), inbox.take(0)) == ("second", None)
    assert inbox.replaced == 1


def test_sounds_come_in_order_and_before_a_picture() -> None:
    inbox: Inbox[str, bytes] = Inbox()
    inbox.add(b"1")
    inbox.put("picture")
    inbox.add(b"2")
    assert [inbox.take(0) for _ in range(4)] == [b"1", b"2", "picture", None]


def test_of_sounds_that_nobody_takes_the_newest_are_kept() -> None:
    inbox: Inbox[str, bytes] = Inbox()
    for number in range(MOST_SOUNDS + 3):
        inbox.add(b"%d" % number)
    assert inbox.take(0) == b"3"
    assert inbox.overflowed == 3


def test_who_waits_is_woken_by_either() -> None:
    inbox: Inbox[str, bytes] = Inbox()
    for give, item in ((inbox.put, "picture"), (inbox.add, b"sound")):
        threading.Timer(0.05, give, (item,)).start()
        assert inbox.take(30) == item


def test_a_failure_is_raised_once_where_it_is_taken() -> None:
    inbox: Inbox[str, bytes] = Inbox()
    inbox.put("picture")
    inbox.fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        inbox.take(0)
    assert inbox.take(0) == "picture"
