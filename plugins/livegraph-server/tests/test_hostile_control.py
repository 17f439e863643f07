"""What nobody's page sends to `/api/v1/control` and `/api/v1/params`: refused, counted, and no loop is held by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attack_support import Longest, longest
from server_support import Show, a_show
from websockets.sync.client import ClientConnection, connect

from livegraph_server.control_message import LARGEST

STALL_S = 0.02
"""How long the run's loop, or the server's, may be busy with one thing."""
NODES: dict[str, Any] = {
    "scene": {"use": "media.pattern", "params": {"size": "320x180"}},
    **{f"n{number}": {"use": "vision.resize", "in": "scene", "params": {"size": "64x48"}} for number in range(20)},
    "blend": {"use": "vision.temporal_blend", "in": "scene"},
    "end": {"use": "test.collect", "in": "blend"},
    **{f"end{number}": {"use": "test.collect", "in": f"n{number}"} for number in range(20)},
}


def update(values: str) -> str:
    return f'{{"type": "config.update", "values": {values}}}'


HALF = "x" * (LARGEST // 2)
MESSAGES = {
    "no JSON": "]",
    "NaN": update('{"blend.ratio": NaN}'),
    "infinity": update('{"blend.ratio": -Infinity}'),
    "too large for a float": update('{"blend.ratio": 1e999}'),
    "400 digits": update(f'{{"blend.ratio": {"9" * 400}}}'),
    "text": update('{"blend.ratio": "much"}'),
    "a list": update('{"blend.ratio": [[]]}'),
    "deep JSON": "[" * LARGEST,
    "deep objects": '{"a":' * (LARGEST // 5),
    "escapes": '"' + '\\"' * (LARGEST // 2 - 1) + '"',
    "a long name": update(f'{{"{HALF}": 1}}'),
    "a name that is nearly one": update('{"blend.rati' + "o" * 200 + '": 1}'),
    "long text": update(f'{{"scene.kind": "{HALF}"}}'),
    "strangers": update(json.dumps({f"n1.q{number}": 1 for number in range(3_000)})),
    "a long type": json.dumps({"type": HALF}),
    "a long preset": json.dumps({"type": "preset.apply", "name": HALF}),
    "a share of text": json.dumps({"type": "preset.fade", "first": "a", "second": "b", "share": "c"}),
    "a ramp without end": json.dumps({"type": "config.update", "values": {"blend.ratio": 0.5}, "over": 1e300}),
    "many addresses": json.dumps({"type": "config.reset", "addresses": ["blend.ratio"] * 4_000}),
    "a path of the machine": update('{"scene.path": "/etc/passwd"}'),
}


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show(NODES) as show:
        yield show


def talk(show: Show) -> ClientConnection:
    address = show.server.address.replace("http", "ws", 1)
    return connect(f"{address}/api/v1/control", max_size=None, proxy=None)


def answer(client: ClientConnection) -> dict[str, Any]:
    """The next that is no news."""
    while (message := json.loads(client.recv(10)))["type"] in ("stats", "config.current", "config.changed"):
        pass
    return message


def refusals(show: Show) -> int:
    return sum(show.run.door("web").refused.values())


def held_briefly(found: Longest) -> None:
    assert found.cpu_s < STALL_S, found


def test_hostile_messages_are_refused_and_counted_and_hold_no_loop(show: Show) -> None:
    with talk(show) as client, longest(show.run.host.loop) as run, longest(show.server.loop) as server:
        for _ in range(3):
            for name, message in MESSAGES.items():
                before = refusals(show)
                client.send(message)
                told = answer(client)
                harmless = name == "many addresses"  # they are all the same
                assert told["type"] == ("config.applied" if harmless else "error"), (name, told)
                assert refusals(show) > before or harmless, name
        client.send(update('{"blend.ratio": 0.25}'))
        assert answer(client)["values"] == {"blend.ratio": 0.25}
    held_briefly(run)
    held_briefly(server)


def test_a_message_beyond_all_size_ends_that_connection_alone(show: Show) -> None:
    with talk(show) as other, talk(show) as client:
        client.send("x" * (1 << 20))
        assert answer(client)["type"] == "error" or client.close_code
        other.send(update('{"blend.ratio": 0.5}'))
        assert answer(other)["values"] == {"blend.ratio": 0.5}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"]",
        b"\xff\xfe",
        b'{"value": NaN}',
        b'{"value": 1e999}',
        b'{"value": ' + b"9" * 5_000 + b"}",
        b"[" * 50_000,
    ],
)
def test_hostile_bodies_hold_no_loop(show: Show, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    with show.client() as client, longest(show.run.host.loop) as run, longest(show.server.loop) as server:
        told = client.put("/api/v1/params/blend/ratio", content=body, headers=headers)
        assert 400 <= told.status_code < 500, told.text
        assert client.get("/api/v1/params/blend/ratio").status_code == 200
    held_briefly(run)
    held_briefly(server)
