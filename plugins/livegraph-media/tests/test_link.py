"""What people are told of a connection, and when it is tried again; the time is made up."""

from livegraph_media.link import BACKOFF_S, Link

SECOND = 1_000_000_000


def stream(link: Link, begin_s: float, end_s: float, nbytes: int = 1000) -> list[str]:
    """Thirty packets a second; what is said comes back."""
    ticks = range(round(begin_s * 30), round(end_s * 30))
    return [line for tick in ticks if (line := link.sent(nbytes, tick * SECOND // 30)) is not None]


def test_each_turn_is_said_once() -> None:
    link = Link("rtmp://host/live/***", 0)
    link.connected(0)
    said = stream(link, 0, 5)
    said += [line for at in range(5, 25) if (line := link.lost("Connection refused", at * SECOND)) is not None]
    link.connected(25 * SECOND)
    said += stream(link, 25, 40)
    assert said == [
        "sending to rtmp://host/live/***",
        "rtmp://host/live/*** is gone (Connection refused): it is tried again, and pictures are dropped meanwhile",
        "rtmp://host/live/*** is back after 20 s",
    ]


def test_a_server_that_is_not_there_at_first() -> None:
    link = Link("x", 0)
    assert link.lost("Connection refused", SECOND) == (
        "no connection to x (Connection refused): it is tried again, and pictures are dropped meanwhile"
    )
    assert link.lost("Connection refused", 2 * SECOND) is None
    assert link.status(3 * SECOND)["state"] == "connecting"
    link.connected(4 * SECOND)
    assert stream(link, 4, 6) == ["x is back after 3 s"]
    assert link.status(6 * SECOND)["reconnects"] == 0


def test_a_server_that_takes_connections_and_refuses_streams_is_no_news_each_time() -> None:
    link = Link("x", 0)
    said = []
    for at in range(20):
        link.connected(at * SECOND)
        said += stream(link, at, at + 0.5)
        said += [line for line in [link.lost("Broken pipe", at * SECOND + SECOND // 2)] if line is not None]
    assert len(said) == 1
    assert link.wait_s == BACKOFF_S[1]


def test_tries_become_rarer_and_a_steady_connection_forgives() -> None:
    link = Link("x", 0)
    waits = []
    for at in range(6):
        link.lost("Connection refused", at * SECOND)
        waits.append(link.wait_s)
    assert waits == [0.25, 0.5, 1, 2, 2, 2]
    link.connected(10 * SECOND)
    stream(link, 10, 12)
    link.lost("Connection reset by peer", 12 * SECOND)
    assert link.wait_s == 0.25


def test_the_statistics_show_state_reason_and_rate() -> None:
    link = Link("x", 0)
    assert link.status(0) == {
        "state": "connecting",
        "since_s": 0.0,
        "reason": "",
        "reconnects": 0,
        "bytes": 0,
        "kbit_per_s": 0,
    }
    link.connected(SECOND)
    stream(link, 1, 11, nbytes=1000)
    live = link.status(11 * SECOND)
    assert (live["state"], live["since_s"], live["bytes"]) == ("live", 10.0, 300_000)
    assert 225 <= live["kbit_per_s"] <= 245
    link.lost("Broken pipe", 11 * SECOND)
    lost = link.status(14 * SECOND)
    assert (lost["state"], lost["since_s"], lost["reason"], lost["kbit_per_s"]) == (
        "reconnecting",
        3.0,
        "Broken pipe",
        0,
    )
    link.connected(15 * SECOND)
    assert link.status(15 * SECOND)["reconnects"] == 1
