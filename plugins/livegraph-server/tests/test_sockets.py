"""Pictures there and back over real WebSockets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from socket import SHUT_RDWR
from typing import Any

import numpy as np
import pytest
import simplejpeg
from server_support import SCENE, Play, Show, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from livegraph_media import read_frame_number
from livegraph_server import lanes

Dial = Callable[..., ClientConnection]


def graph(slow_ms: float = 0, **params: Any) -> dict[str, Any]:
    return {
        "people": {"use": "web.socket_in", "params": params},
        "work": {"use": "test.slow", "in": "people", "params": {"service_ms": slow_ms}},
        "back": {"use": "web.socket_out", "in": "work"},
    }


def picture(shade: int, size: tuple[int, int] = (48, 64)) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((*size, 3), shade, np.uint8), 95))


def shade(jpeg: bytes) -> int:
    return round(float(simplejpeg.decode_jpeg(jpeg).mean()))


def dial(show: Show, node: str = "people") -> ClientConnection:
    address = f"{show.server.address.replace('http', 'ws', 1)}/socket/{node}"
    return connect(address, proxy=None, max_queue=None)  # what a test leaves unread must not hold up its end


def message(socket: ClientConnection, kind: str, within_s: float = 10) -> dict[str, Any]:
    """The next message of a kind; others pass by."""
    ends = time.monotonic() + within_s
    while True:
        said = socket.recv(timeout=max(0.01, ends - time.monotonic()))
        if isinstance(said, str) and (found := json.loads(said))["type"] == kind:
            return dict(found)


def processed(socket: ClientConnection) -> tuple[int, bytes]:
    """The next picture that came back, and which one of ours it was."""
    number = message(socket, "frame.processed")["frame"]
    jpeg = socket.recv(timeout=5)
    assert isinstance(jpeg, bytes), "a picture follows its message at once"
    return number, jpeg


def test_a_picture_comes_back_to_who_sent_it(play: Play) -> None:
    with dial(play(graph())) as socket:
        assert message(socket, "stats")["place"] == 0
        for count, grey in enumerate((40, 90, 200), 1):
            socket.send(picture(grey))
            number, jpeg = processed(socket)
            assert number == count and abs(shade(jpeg) - grey) <= 2


def test_users_get_their_own_pictures_and_no_others(play: Play) -> None:
    show = play(graph(users=2))
    with dial(show) as one, dial(show) as other:
        users = [threading.Thread(target=_send_on, args=(socket, grey)) for socket, grey in ((one, 50), (other, 150))]
        for user in users:
            user.start()
        for socket, grey in ((one, 50), (other, 150)):
            assert all(abs(shade(processed(socket)[1]) - grey) <= 2 for _ in range(5))
        for user in users:
            user.join()


def _send_on(socket: ClientConnection, grey: int) -> None:
    for _ in range(60):
        socket.send(picture(grey))
        time.sleep(0.03)


def test_the_newest_wins_where_work_takes_its_time(play: Play) -> None:
    with dial(play(graph(slow_ms=80))) as socket:
        for grey in range(60):
            socket.send(picture(grey))
            time.sleep(0.005)
        numbers = []
        while not numbers or numbers[-1] != 60:
            numbers.append(processed(socket)[0])
        assert numbers == sorted(set(numbers)) and len(numbers) < 30
        until(lambda: message(socket, "stats")["frames"] == 60)
        show_lost = message(socket, "stats")
        assert show_lost["dropped"] >= 0 and show_lost["processed"] <= 60


def test_who_comes_later_is_told_the_place_in_the_queue_and_moves_up(play: Play) -> None:
    show = play(graph())
    with dial(show) as first, dial(show) as second, dial(show) as third:
        first.send(picture(10))
        processed(first)
        assert message(second, "stats")["place"] == 1 and message(third, "stats")["place"] == 2
        second.send(picture(20))
        first.close()
        until(lambda: message(second, "stats")["place"] == 0)
        second.send(picture(30))
        number, jpeg = processed(second)
        assert number == 1 and abs(shade(jpeg) - 30) <= 2, "what was sent out of turn was not taken"
        assert message(third, "stats")["place"] == 1


def test_where_too_many_wait_one_is_sent_away(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WAITING", 0)
    show = play(graph())
    with dial(show) as first, dial(show) as second:
        assert "too many wait" in message(second, "error")["message"]
        with pytest.raises(ConnectionClosed) as closed:
            second.recv(timeout=5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
        first.send(picture(10))
        processed(first)


def test_who_sends_nothing_loses_the_lane_to_the_next(play: Play) -> None:
    show = play(graph(idle=0.5))
    with dial(show) as idle, dial(show) as next_one:
        assert "no picture came for 0.5 s" in message(idle, "error")["message"]
        with pytest.raises(ConnectionClosed):
            while True:
                idle.recv(timeout=5)
        until(lambda: message(next_one, "stats")["place"] == 0)
        next_one.send(picture(70))
        processed(next_one)


def test_who_goes_without_a_word_is_cleaned_up_after(play: Play) -> None:
    show = play(graph())
    lined_up = show.server.sockets._inputs["people"]
    with dial(show) as socket:
        socket.send(picture(10))
        processed(socket)
        assert lined_up.users == 1
        socket.socket.shutdown(SHUT_RDWR)
        until(lambda: lined_up.users == 0)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("hello", "this is no JSON"),
        (b"no picture", "this is no JPEG"),
        (picture(1, (8, 4104)), "4104x8 is more than 4096 pixels each way"),
        (picture(1, (200, 200))[:-400], "frame 1 is damaged"),
    ],
)
def test_what_is_no_picture_is_refused_and_the_user_may_go_on(play: Play, sent: str | bytes, why: str) -> None:
    with dial(play(graph())) as socket:
        socket.send(sent)
        assert why in message(socket, "error")["message"]
        socket.send(picture(99))
        assert abs(shade(processed(socket)[1]) - 99) <= 2


def test_anybody_may_watch_what_comes_out(play: Play) -> None:
    show = play({"scene": SCENE, "out": {"use": "web.socket_out", "in": "scene"}})
    with dial(show, "out") as one, dial(show, "out") as other:
        for socket in (one, other):
            seen = []
            for _ in range(10):
                message(socket, "frame")
                seen.append(read_frame_number(simplejpeg.decode_jpeg(socket.recv(timeout=5))))
            assert None not in seen and seen == sorted(set(seen))
    channel = show.server.sockets.channel("out")
    until(lambda: channel._waiting == 0)


def test_both_are_offered_while_they_run(play: Play) -> None:
    show = play(graph())
    with show.client() as client:
        found = client.get("/api/v1/graph").json()
    assert found["inputs"] == [{"id": "people", "kind": "socket", "path": "/socket/people"}]
    assert found["outputs"] == [{"id": "back", "kind": "socket", "path": "/socket/back"}]
    server = show.server
    show.stop()
    assert server._offers.document() == {"inputs": [], "outputs": []}


def test_a_node_that_is_not_there_is_told_with_those_that_are(play: Play) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(play(graph()), "peple")
    assert refused.value.response.status_code == 404
    assert b"there are: people, back" in refused.value.response.body


def test_a_new_user_s_first_picture_follows_no_other(play: Play) -> None:
    nodes = graph()
    nodes["end"] = {"use": "test.collect", "in": "work"}
    show = play(nodes)
    for _ in range(2):
        with dial(show) as socket:
            socket.send(picture(10))
            processed(socket)
            socket.send(picture(20))
            processed(socket)
        until(lambda: show.server.sockets._inputs["people"].users == 0)
    show.stop()
    kept = show.kept["end"]
    assert [frame.discontinuity for frame, _ in kept] == [False, False, True, False]
    assert [frame.meta["frame"] for frame, _ in kept] == [1, 2, 1, 2]


def test_closing_ends_every_socket_within_three_seconds(play: Play) -> None:
    show = play(graph(users=2))
    with dial(show) as one, dial(show) as other, dial(show, "back") as watching:
        message(one, "stats"), message(other, "stats")
        start = time.monotonic()
        show.server.close()
        assert time.monotonic() - start < 3
        for socket in (one, other, watching):
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=5)
