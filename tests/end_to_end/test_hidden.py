"""What may not be changed from outside, a `remote=False` and a `secret` parameter, tried by every door of a run: never
shown, never set, and each attempt counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from doors_support import Show, Socket, a_show, registry_with, until
from mqtt_support import NEEDED, Mosquitto, Watcher
from osc_support import Udp, free_port
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.sync.client import connect

from livegraph import Frame, In, Node, NodeSpec, Out, Param, hookimpl
from livegraph.graph import plan_graph
from livegraph.types import AnyPort

BEGAN = {"path": "hidden-place", "key": "hidden-word", "level": 0.25}
AUTHOR = {"a.path": "hidden-by-the-author", "word": "hidden-too", "level": 0.75}
SECRETS = ("hidden-", "a.path", "a.key", "a/path", "a/key", '"place"', '"word"')
"""Values and names that nothing may contain that is told unasked."""
TARGETS = ("a.path", "a.key", "place", "word")


class Knobs(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    level: float = Param(0.0, ge=0, le=1, live=True, doc="a share")
    path: str = Param("here", remote=False, live=True, doc="of this machine")
    key: str = Param("", secret=True, live=True, doc="a password")

    async def process(self, video: Frame) -> Frame:
        return video


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.knobs", Knobs)]


GRAPH = {
    "livegraph": 1,
    "name": "show",
    "mode": "live",
    "nodes": {
        "src": {"use": "test.source"},
        "a": {"use": "test.knobs", "in": "src", "params": BEGAN},
        "end": {"use": "test.collect", "in": "a"},
    },
    "controls": {"level": "a.level", "place": "a.path", "word": "a.key"},
    "presets": {"author": AUTHOR, "low": {"level": 0.0}},
}


@contextmanager
def a_graph(**controllers: Any) -> Iterator[Show]:
    registry = registry_with(Plugin())
    with a_show(plan_graph({**GRAPH, "controllers": controllers}, registry=registry), registry) as show:
        yield show
        assert as_it_is(show) == BEGAN


def as_it_is(show: Show) -> dict[str, Any]:
    found: dict[str, Any] = show.on_loop(lambda: show.run.bus._versions["a"].latest.model_dump())
    return found


@contextmanager
def counted(show: Show, door: str, reason: str = "address") -> Iterator[None]:
    """One more is refused, and nothing has changed."""
    before, revision = show.refused().get(door, {}).get(reason, 0), show.run.bus.revision
    yield
    until(lambda: show.refused().get(door, {}).get(reason, 0) == before + 1)
    assert (as_it_is(show), show.run.bus.revision) == (BEGAN, revision)


def tells_nothing(*texts: str) -> None:
    for text in texts:
        assert not [secret for secret in SECRETS if secret in text], text


@pytest.fixture
def show() -> Iterator[Show]:
    with a_graph(osc={"port": 0, "query_port": free_port()}) as show:
        yield show


@pytest.mark.parametrize("target", TARGETS)
def test_by_http(show: Show, target: str) -> None:
    node, _, param = target.partition(".")
    path = f"/api/v1/params/{node}/{param}" if param else f"/api/v1/controls/{node}"
    attempts: list[tuple[str, str, Any, int]] = [
        ("GET", path, None, 404),
        ("PUT", path, {"value": "x"}, 404),
        ("PUT", f"{path}?over=1", {"value": "x"}, 404),
        ("PATCH", "/api/v1/params", {target: "x"}, 422),
        ("PATCH", "/api/v1/params", {"level": 0.5, target: "x"}, 422),
        ("POST", "/api/v1/reset", {"addresses": [target]}, 422),
    ]
    with show.client() as client:
        for method, url, body, status in attempts:
            with counted(show, "web"):
                answer = client.request(method, url, json=body)
            assert answer.status_code == status and "hidden-" not in answer.text


@pytest.mark.parametrize("target", TARGETS)
def test_by_the_websocket(show: Show, target: str) -> None:
    attempts: list[dict[str, Any]] = [
        {"type": "config.update", "values": {target: "x"}},
        {"type": "config.update", "values": {"level": 0.5, target: "x"}, "over": 1},
        {"type": "config.reset", "addresses": [target]},
    ]
    with Socket(show.url) as client:
        for message in attempts:
            with counted(show, "web"):
                answer = client.ask(message)
            assert answer["type"] == "error" and "hidden-" not in answer["message"]


@pytest.mark.parametrize("target", TARGETS)
def test_by_osc(show: Show, target: str) -> None:
    address = f"/livegraph/{target.replace('.', '/') if '.' in target else f'control/{target}'}"
    pattern = f"{address[:-1]}[{address[-1]}]"
    with Udp(show.osc_port) as client:
        for sent in ((address, "x"), (f"{address}/norm", 0.5), (pattern, "x"), (address,), (address, "?")):
            with counted(show, "osc"):
                client.send(*sent)
        with counted(show, "osc"):
            client.send("/livegraph/reset", target)
        with counted(show, "osc"):
            client.socket.send(bundle(("/livegraph/a/level", 0.5), (address, "x")))
        assert client.drain() == [], "nothing is answered"
    with counted(show, "osc"), connect(f"ws://127.0.0.1:{query_port(show)}", proxy=None) as page:
        page.send(json.dumps({"COMMAND": "LISTEN", "DATA": address}))
    asked = httpx.get(f"http://127.0.0.1:{query_port(show)}{address}", trust_env=False)
    assert asked.status_code == 404


def test_what_is_told_unasked_has_none_of_it(show: Show) -> None:
    with Socket(show.url) as socket, show.client() as client, Udp(show.osc_port) as osc:
        osc.send("/livegraph/subscribe")
        do_all(show, client)
        for path in ("schema", "params", "controls", "presets", "graph", "openapi.json"):
            tells_nothing(client.get(f"/api/v1/{path}").text)
        tells_nothing(client.get("/health").text, client.get("/metrics").text)
        for kind in ("config.get", "config.schema", "preset.list"):
            socket.ask({"type": kind})
        socket.ask({"type": "preset.keep", "name": "kept"})
        socket.hear("stats")
        tells_nothing(*socket.heard, *map(str, osc.drain()))
    tells_nothing(httpx.get(f"http://127.0.0.1:{query_port(show)}/", trust_env=False).text)
    assert as_it_is(show) == BEGAN


def do_all(show: Show, client: httpx.Client) -> None:
    """All that may be done with a preset that the author gave such values, and with what is kept."""

    def post(path: str) -> None:
        tells_nothing(client.post(f"/api/v1/{path}").raise_for_status().text)

    tells_nothing(client.put("/api/v1/presets/mine").raise_for_status().text)
    post("presets/author/apply")
    assert as_it_is(show)["path"] == AUTHOR["a.path"], "it stands in the file"
    tells_nothing(client.put("/api/v1/presets/yours").raise_for_status().text)
    post("undo")
    assert as_it_is(show) == BEGAN
    for path in ("presets/yours/apply", "presets/mine/apply", "presets/low/fade/mine?share=0.5", "reset"):
        post(path)
        assert {**as_it_is(show), "level": 0.25} == BEGAN, path


def query_port(show: Show) -> int:
    (osc,) = show.run.plan.controllers
    params: Any = osc.params
    return int(params.query_port)


def bundle(*messages: tuple[str, Any]) -> bytes:
    made = OscBundleBuilder(IMMEDIATELY)
    for address, value in messages:
        message = OscMessageBuilder(address)
        message.add_arg(value)
        made.add_content(message.build())
    return bytes(made.build().dgram)


class TestByMqtt:
    pytestmark = NEEDED

    def test_by_topics(self, tmp_path: Path) -> None:
        broker = Mosquitto(tmp_path)
        broker.start()
        watcher = Watcher(broker)
        try:
            with a_graph(mqtt={"host": "127.0.0.1", "port": broker.port, "statistics": 0.2}) as show:
                self.attempts(show, watcher.say)
                watcher.say("livegraph/show/preset/set", "author")
                until(lambda: as_it_is(show)["path"] == AUTHOR["a.path"])
                watcher.say("livegraph/show/undo", "")
                until(lambda: as_it_is(show) == BEGAN)
                told = self.told(watcher.newest)
                assert {"livegraph/show/stats", "livegraph/show/a/level/state"} <= told.keys()
                tells_nothing(*told.keys(), *told.values())
        finally:
            watcher.close()
            broker.stop()

    def attempts(self, show: Show, say: Callable[[str, str], None]) -> None:
        for target in TARGETS:
            topic = target.replace(".", "/") if "." in target else f"control/{target}"
            with counted(show, "mqtt"):
                say(f"livegraph/show/{topic}/set", "x")
            for values in ({target: "x"}, {"level": 0.5, target: "x"}):
                with counted(show, "mqtt"):
                    say("livegraph/show/set", json.dumps(values))

    def told(self, newest: Mapping[str, str]) -> dict[str, str]:
        """By topic, without what was said here."""
        return {topic: text for topic, text in newest.items() if not topic.endswith(("/set", "/undo"))}
