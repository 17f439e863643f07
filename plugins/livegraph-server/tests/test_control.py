"""Parameters over HTTP and over the WebSocket, of real runs."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import websockets
from server_support import BLENDED, KNOBS, Show, a_show


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show(BLENDED, more=KNOBS) as show:
        yield show


@pytest.fixture(autouse=True)
def as_it_was(show: Show) -> None:
    show.run.ask(show.run.bus.reset).result(5)


def test_one_parameter(show: Show) -> None:
    with show.client() as client:
        found = client.get("/api/v1/params/blend/ratio").json()
        assert (found["kind"], found["min"], found["max"]) == ("number", 0, 1)
        assert client.put("/api/v1/params/blend/ratio", json={"value": 0.4}).json()["address"] == "blend.ratio"
        assert client.get("/api/v1/controls/calm").json()["value"] == 0.4
        assert client.put("/api/v1/controls/calm", json={"value": 0.2}).status_code == 200
        assert client.get("/api/v1/params").json()["values"]["blend.ratio"] == 0.2


@pytest.mark.parametrize(
    ("path", "value", "status", "text"),
    [
        ("params/blend/ratio", 7, 422, "less than or equal to 1"),
        ("params/blend/ratio", "much", 422, "valid number"),
        ("controls/calm", 0.9, 422, "calm ranges from 0 to 0.8"),
        ("params/blend/rato", 0.1, 404, "no blend.rato"),
        ("params/nobody/ratio", 0.1, 404, "no nobody.ratio"),
        ("controls/nothing", 0.1, 404, "no nothing"),
    ],
)
def test_what_is_refused_says_why(show: Show, path: str, value: Any, status: int, text: str) -> None:
    with show.client() as client:
        answer = client.put(f"/api/v1/{path}", json={"value": value})
        assert answer.status_code == status and text in answer.json()["detail"]


def test_several_at_once_or_none(show: Show) -> None:
    with show.client() as client:
        answer = client.patch("/api/v1/params", json={"blend.ratio": 0.35, "blackout": "perhaps"})
        assert answer.status_code == 422
        assert client.get("/api/v1/params").json()["values"]["blend.ratio"] != 0.35
        assert client.patch("/api/v1/params", json={"blend.ratio": 0.35, "blackout": True}).status_code == 200
        values = client.get("/api/v1/params").json()["values"]
        assert (values["blend.ratio"], values["blackout"], values["calm"]) == (0.35, True, 0.35)


def test_presets_undo_and_reset(show: Show) -> None:
    with show.client() as client:
        assert set(client.get("/api/v1/presets").json()) >= {"still", "sharp"}
        assert client.post("/api/v1/presets/still/apply").status_code == 200
        assert client.get("/api/v1/controls/calm").json()["value"] == 0.7
        assert client.post("/api/v1/presets/sharp/fade/still?share=0.5").status_code == 200
        assert client.get("/api/v1/controls/calm").json()["value"] == pytest.approx(0.4)
        assert client.put("/api/v1/presets/mine").json()["values"] == {"calm": pytest.approx(0.4)}
        assert client.post("/api/v1/undo").status_code == 200
        assert client.post("/api/v1/reset").status_code == 200
        assert client.post("/api/v1/presets/nothing/apply").status_code == 422
        assert client.put("/api/v1/presets/..%2F..%2Fetc").status_code in (404, 422)


def test_the_schema_has_no_path(show: Show) -> None:
    with show.client() as client:
        knobs = {knob["address"]: knob for knob in client.get("/api/v1/schema").json()["knobs"]}
    assert {"calm", "freeze", "blackout", "blend.ratio"} <= knobs.keys()
    assert knobs["calm"]["target"] == "blend.ratio"


def test_a_graph_without_a_file_is_not_saved(show: Show) -> None:
    with show.client() as client:
        answer = client.post("/api/v1/save")
        assert answer.status_code == 422 and "no file" in answer.json()["detail"]


class Client:
    """One who listens and says."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.values: dict[str, tuple[int, Any]] = {}
        self.revision = 0
        self.errors: list[dict[str, Any]] = []

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these kinds; all are taken note of."""
        while True:
            message: dict[str, Any] = json.loads(await self._socket.recv())
            self._note(message)
            if message["type"] in kinds:
                return message

    async def say(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    def _note(self, message: dict[str, Any]) -> None:
        if message["type"] == "error":
            self.errors.append(message)
        if message["type"].startswith("config."):
            revision = message["revision"]
            self.revision = max(self.revision, revision)
            for address, value in message["values"].items():
                if revision >= self.values.get(address, (-1, None))[0]:
                    self.values[address] = (revision, value)


def connect(show: Show) -> websockets.connect:
    return websockets.connect(f"{show.server.address.replace('http', 'ws')}/api/v1/control", proxy=None)


async def test_changes_are_told_to_all_but_who_made_them(show: Show) -> None:
    async with connect(show) as one, connect(show) as other:
        first, second = Client(one), Client(other)
        for client in (first, second):
            assert (await client.hear("config.current"))["values"]["freeze"] is False
        await first.say(type="config.update", values={"calm": 0.5}, id="a1")
        applied = await first.hear("config.applied")
        assert applied["id"] == "a1" and applied["values"] == {"calm": 0.5}
        changed = await second.hear("config.changed")
        assert changed["values"] == {"blend.ratio": 0.5} and changed["revision"] == applied["revision"]
        await second.say(type="preset.apply", name="still")
        assert (await second.hear("config.applied"))["values"]["calm"] == 0.7
        assert (await first.hear("config.changed"))["values"] == {"blend.ratio": 0.7}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("{", "no JSON"),
        ("[" * 10_000, "no JSON"),
        ('{"a":' * 5_000, "no JSON"),
        ('{"type": "config.update", "values": {"calm": NaN}}', "no JSON"),
        ('{"type": "config.update", "values": {"blend.ratio": 1e999}}', "finite"),
        ("[1]", "send an object"),
        ('{"type": 7}', "no such type"),
        ('{"type": "config.update"}', "config.update has"),
        ('{"type": "config.update", "values": {"scene.size": 1}, "over": "long"}', "number of seconds"),
        ('{"type": "preset.apply", "name": ["still"]}', "has a"),
        ('{"type": "config.update", "values": {"nobody.x": 1}}', "no control"),
        ("x" * 70_000, "at most"),
    ],
)
async def test_whatever_is_said_is_answered(show: Show, said: str, text: str) -> None:
    async with connect(show) as socket:
        client = Client(socket)
        await socket.send(said)
        assert text in (await client.hear("error"))["message"]
        await client.say(type="config.get")
        await client.hear("config.current")


async def test_three_who_set_the_same_at_random_end_with_the_same(show: Show) -> None:
    chance = random.Random(3)

    async def client(socket: websockets.ClientConnection) -> Client:
        mine = Client(socket)
        await mine.hear("config.current")
        for _ in range(60):
            await mine.say(type="config.update", values={"blend.ratio": round(chance.random(), 3)})
            await asyncio.sleep(chance.random() / 50)
        for _ in range(60):
            await mine.hear("config.applied")
        return mine

    async with connect(show) as one, connect(show) as two, connect(show) as three:
        clients = await asyncio.gather(client(one), client(two), client(three))
        final = show.run.ask(lambda: (show.run.bus.revision, show.run.bus.get("blend.ratio"))).result(5)
        for mine in clients:
            while mine.revision < final[0]:
                await mine.hear("config.applied", "config.changed")
        assert {mine.values["blend.ratio"][1] for mine in clients} == {final[1]}
        assert {mine.revision for mine in clients} == {final[0]}
        assert not any(mine.errors for mine in clients)


async def test_figures_come_by_themselves_and_who_goes_is_forgotten(show: Show) -> None:
    async with connect(show) as socket:
        stats = await Client(socket).hear("stats")
        assert stats["nodes"]["blend"]["state"] == "running" and stats["state"] == "running"
        assert len(show.run.ask(lambda: list(show.run.bus._hearers)).result(5)) == 2
    for _ in range(500):
        if len(show.run.bus._hearers) == 1:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it still listens")


async def test_who_goes_at_once_is_forgotten_too(show: Show) -> None:
    for number in range(40):
        async with connect(show):
            await asyncio.sleep(number / 2000)
    for _ in range(500):
        if len(show.run.bus._hearers) == 1:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it still listens")
