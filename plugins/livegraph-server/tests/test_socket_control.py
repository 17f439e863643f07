"""Control messages on the sockets for pictures, beside the pictures."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import Any

import pytest
import simplejpeg
from attack_support import upgraded
from server_support import SCENE, Play, Show, held, until
from starlette.websockets import WebSocket, WebSocketDisconnect
from test_sockets import dial, message, picture, processed, shade
from websockets.sync.client import ClientConnection, connect

from livegraph_server.line import Line

GRAPH = {
    "people": {"use": "web.socket_in", "params": {"idle": 60}},
    "blend": {"use": "vision.temporal_blend", "in": "people", "params": {"ratio": 0.0}},
    "back": {"use": "web.socket_out", "in": "blend"},
    "scene": SCENE,
    "fade": {"use": "vision.temporal_blend", "in": "scene"},
    "out": {"use": "web.socket_out", "in": "fade"},
}
NODES = pytest.mark.parametrize("node", ["people", "out"])


@contextmanager
def controlling(show: Show) -> Any:
    """Somebody at `/api/v1/control`, who has heard how it is."""
    with connect(f"{show.server.address.replace('http', 'ws', 1)}/api/v1/control", proxy=None) as socket:
        message(socket, "config.current")
        yield socket


def say(socket: ClientConnection, kind: str, **more: Any) -> None:
    socket.send(json.dumps({"type": kind, **more}))


def refused(show: Show) -> dict[str, int]:
    return dict(show.run.ask(show.run.stats).result(5)["control"]["doors"]["web"]["refused"])


def hearers(show: Show) -> int:
    return int(show.run.ask(lambda: len(show.run.bus._hearers)).result(5))


@NODES
def test_two_hear_of_each_other_and_not_of_themselves(play: Play, node: str) -> None:
    show = play(GRAPH)
    with dial(show, node) as mine, controlling(show) as other:
        say(mine, "config.update", values={"fade.ratio": 0.25}, id="a")
        current = message(mine, "config.current")
        assert current["values"]["freeze"] is False and current["nodes"]["people"] == {"users": int(node == "people")}
        applied = message(mine, "config.applied")
        assert (applied["id"], applied["values"]) == ("a", {"fade.ratio": 0.25})
        changed = message(other, "config.changed")
        assert (changed["values"], changed["revision"]) == ({"fade.ratio": 0.25}, applied["revision"])
        say(other, "config.update", values={"fade.ratio": 0.75})
        assert message(mine, "config.changed")["values"] == {"fade.ratio": 0.75}, "of what was not its own alone"
        message(other, "config.applied")
        with pytest.raises(TimeoutError):
            message(other, "config.changed", within_s=0.5)


def test_two_at_the_same_node_from_one_machine_are_two(play: Play) -> None:
    show = play(GRAPH)
    with dial(show, "out") as one, dial(show, "out") as other:
        for socket in (one, other):
            say(socket, "config.get")
            message(socket, "config.current")
        say(one, "config.update", values={"blackout": True})
        assert message(other, "config.changed")["values"] == {"blackout": True}


@NODES
def test_who_says_nothing_hears_nothing_of_it_and_who_goes_is_forgotten(play: Play, node: str) -> None:
    show = play(GRAPH)
    before = hearers(show)
    with dial(show, node) as silent, controlling(show) as other:
        say(other, "config.update", values={"fade.ratio": 0.5})
        message(other, "config.applied")
        assert hearers(show) == before + 1
        with pytest.raises(TimeoutError):
            message(silent, "config.changed", within_s=0.5)
        say(silent, "config.get")
        assert message(silent, "config.current")["values"]["fade.ratio"] == 0.5
        assert hearers(show) == before + 2
    until(lambda: hearers(show) == before)


@NODES
@pytest.mark.parametrize(
    ("said", "text", "reason"),
    [
        ("[" * 50_000, "no JSON", "malformed"),
        ('{"type": "config.update", "values": {"fade.ratio": NaN}}', "no JSON", "malformed"),
        ('{"type": "config.update", "values": {"fade.ratio": ' + "9" * 400 + "}}", "no JSON", "malformed"),
        ("x" * 1_000_000, "at most 65536 characters", "malformed"),
        ('{"type": "config.update", "values": {"fade.rato": 1}}', "Did you mean fade.ratio", "address"),
        ('{"type": "config.update", "values": {"fade.ratio": 2}}', "less than or equal to 1", "value"),
    ],
)
def test_what_is_refused_is_said_and_counted(play: Play, node: str, said: str, text: str, reason: str) -> None:
    show = play(GRAPH)
    with dial(show, node) as socket:
        socket.send(said)
        assert text in message(socket, "error")["message"]
        say(socket, "config.get", id=1)
        until(lambda: message(socket, "config.current").get("id") == 1)
    assert refused(show) == {reason: 1}


@NODES
def test_what_may_not_be_changed_from_outside_is_refused(play: Play, node: str, tmp_path: Any) -> None:
    kept = {"use": "media.still", "in": "fade", "params": {"path": str(tmp_path / "a.png")}}
    show = play({**GRAPH, "kept": kept})
    with dial(show, node) as socket:
        say(socket, "config.update", values={"kept.path": "/etc/passwd"})
        assert "no control 'kept.path'" in message(socket, "error")["message"]
        say(socket, "config.get")
        assert "kept.path" not in message(socket, "config.current")["values"]
    assert refused(show) == {"address": 1}


def test_pictures_are_answered_beside_a_flood_of_texts_and_never_parted_from_their_words(play: Play) -> None:
    with dial(play(GRAPH)) as socket:
        for number in range(300):
            say(socket, "config.update", values={"fade.ratio": number / 300})
            if number % 30 == 0:
                socket.send(picture(50 + number // 3))
        answers, pictures, awaited = 0, 0, False
        while answers < 300 or pictures == 0:
            said = socket.recv(timeout=10)
            assert isinstance(said, bytes) == awaited
            pictures += awaited
            heard = {"type": "jpeg"} if isinstance(said, bytes) else json.loads(said)
            awaited = heard["type"] == "frame.processed"
            answers += heard["type"] == "config.applied"
        socket.send(picture(120))
        numbers = [processed(socket)]
        while numbers[-1][0] < 11:
            numbers.append(processed(socket))
        assert abs(shade(numbers[-1][1]) - 120) <= 2


def test_texts_keep_no_lane(play: Play) -> None:
    show = play({**GRAPH, "people": {"use": "web.socket_in", "params": {"idle": 0.5}}})
    with dial(show) as socket:
        ends_s = time.monotonic() + 1.5
        with pytest.raises(Exception, match="no picture came"):
            while time.monotonic() < ends_s:
                say(socket, "config.get")
                raise_errors(socket)


def raise_errors(socket: ClientConnection) -> None:
    said = json.loads(socket.recv(timeout=1))
    if said["type"] == "error":
        raise AssertionError(said["message"])


def test_who_asks_and_reads_nothing_holds_up_nobody_and_piles_up_nothing(play: Play) -> None:
    show = play(GRAPH)
    said = json.dumps({"type": "config.schema"}).encode()
    frame = b"\x81" + bytes([0x80 | len(said)]) + bytes(4) + said
    with dial(show, "out") as reads, upgraded(show.server.address, "out", within_s=0.5) as mute:
        with pytest.raises(TimeoutError):
            for _ in range(2_000):  # more than any kernel holds for one connection
                mute.sendall(1_000 * frame)
        assert max(held(show)) < 1 << 20
        for number in range(100):
            show.run.door("test").set({"fade.ratio": number / 100}).result(5)
        assert max(held(show)) < 1 << 20
        message(reads, "frame")
        assert simplejpeg.decode_jpeg_header(reads.recv(timeout=5))[:2] == (180, 320)
    until(lambda: hearers(show) == 1)


async def test_of_many_who_send_to_one_that_has_gone_each_is_told_so() -> None:
    """Whichever finds out first: for the others it is no mistake, either."""
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "websocket.send":
            raise OSError("it has gone")

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    socket = WebSocket({"type": "websocket"}, receive, send)
    await socket.accept()
    line = Line(socket)
    for _ in range(2):
        with pytest.raises(WebSocketDisconnect):
            await line.send({"type": "stats"})
    assert sent == ["websocket.accept", "websocket.send"]
