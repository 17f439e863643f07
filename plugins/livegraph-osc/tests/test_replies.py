"""Answers are bounded for each host, whatever is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osc_support import Udp, a_show, until

from livegraph_osc.refused import Refused
from livegraph_osc.replies import BURST, MOST_KNOWN, PER_S, Replies


@given(st.lists(st.tuples(st.integers(1, 9_000), st.floats(0, 3)), max_size=30))
def test_no_more_than_its_rate_in_the_long_run(questions: list[tuple[int, float]]) -> None:
    replies, now_s, answered = Replies(), 1_000.0, 0
    for count, later_s in questions:
        now_s += later_s
        try:
            replies.take("10.0.0.1:9", count, now_s)
            answered += count
        except Refused as error:
            assert error.reason == "replies"
    assert answered <= BURST + PER_S * (now_s - 1_000) + 9_000  # the last question may leave a debt


def test_ports_of_a_host_share_and_hosts_do_not() -> None:
    replies = Replies()
    replies.take("10.0.0.1:1", int(BURST), 0.0)
    with pytest.raises(Refused):
        replies.take("10.0.0.1:2", 1, 0.0)
    replies.take("10.0.0.2:1", 1, 0.0)
    replies.take("10.0.0.1:2", int(PER_S), 1.0)


def test_memory_is_bounded() -> None:
    replies = Replies()
    for number in range(3 * MOST_KNOWN):
        replies.take(f"10.0.{number >> 8}.{number & 255}:1", 1, 0.0)
    assert len(replies._left) == MOST_KNOWN


def test_questions_beyond_it_are_counted_and_what_is_set_is_set() -> None:
    with a_show() as show, Udp(show.port) as client:
        for _ in range(300):
            client.send("/livegraph/*/*/norm")
            client.send("/livegraph/*/*")
        until(lambda: show.refused.get("replies"))
        client.send("/livegraph/a/value", 7)
        show.becomes("a.value", 7)
        assert set(show.refused) == {"replies"}
        client.drain()
        until(lambda: answered(client))


def answered(client: Udp) -> bool:
    """It fills again with time."""
    client.send("/livegraph/ping", 1)
    return bool(client.drain(0.05))


def test_who_subscribes_again_and_again_is_told_all_no_more_often() -> None:
    with a_show() as show, Udp(show.port) as client:
        for _ in range(1_000):
            client.send("/livegraph/subscribe", "norm")
            client.send("/livegraph/unsubscribe")
        until(lambda: show.refused.get("replies"))
