"""Clients at every door set the same parameter at random; in the end all see the same. `scripts/test --soak`: a minute.

What each goes by: HTTP asks, and is answered with a revision. The WebSocket is told, with a revision. MQTT has the
retained state, which has none. OSC is told of all but its own changes, without one: what it heard last is how it is, or
what it sent last where the last change was its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from doors_support import Show, Socket, a_show, registry_with, until
from mqtt_support import NEEDED, Mosquitto, Watcher
from osc_support import Udp

from livegraph import Change
from livegraph.graph import plan_graph

ADDRESS = "blend.ratio"
GRAPH = {
    "livegraph": 1,
    "name": "show",
    "mode": "live",
    "nodes": {
        "scene": {"use": "media.pattern", "params": {"size": "160x90"}},
        "blend": {"use": "vision.temporal_blend", "in": "scene"},
        "nothing": {"use": "media.null", "in": "blend"},
    },
}
FINEST = 1 << 8
"""Values are multiples of 1 / 256: the same in 32 bits, in 64, and in the nine digits of an MQTT state."""
LONGEST_PAUSE_S = 0.02
A_MINUTE = pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(180)])


class Player(Protocol):
    origin: str

    def turn(self, value: float) -> None: ...
    def rest(self, seconds: float) -> None: ...
    def sees(self, own_was_last: bool) -> tuple[float, int | None]:
        """The value, and its revision where the protocol has any."""
        ...


class Http:
    origin = "web http"

    def __init__(self, show: Show, stack: ExitStack) -> None:
        self._client = stack.enter_context(show.client())

    def turn(self, value: float) -> None:
        self._client.put("/api/v1/params/blend/ratio", json={"value": value}).raise_for_status()

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def sees(self, own_was_last: bool) -> tuple[float, int | None]:
        found = self._client.get("/api/v1/params/blend/ratio").json()
        return found["value"], found["revision"]


class WebSocket:
    def __init__(self, show: Show, stack: ExitStack) -> None:
        self._socket = stack.enter_context(Socket(show.url))
        self.origin = f"web {self._socket.here}"

    def turn(self, value: float) -> None:
        self._socket.say({"type": "config.update", "values": {ADDRESS: value}})

    def rest(self, seconds: float) -> None:
        self._socket.listen(seconds)

    def sees(self, own_was_last: bool) -> tuple[float, int | None]:
        self._socket.listen(0.1)
        assert not self._socket.errors
        revision, value = self._socket.values[ADDRESS]
        return value, revision


class Osc:
    def __init__(self, show: Show, stack: ExitStack) -> None:
        self._udp = stack.enter_context(Udp(show.osc_port))
        self._udp.send("/livegraph/subscribe")
        self.origin = "osc {}:{}".format(*self._udp.socket.getsockname())
        self._sent = self._told = -1.0

    def turn(self, value: float) -> None:
        self._udp.send(f"/livegraph/{ADDRESS.replace('.', '/')}", value)
        self._sent = value

    def rest(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            for message in self._udp.drain(left):
                self._told = message.arguments[0]

    def sees(self, own_was_last: bool) -> tuple[float, int | None]:
        self.rest(0.1)
        return self._sent if own_was_last else self._told, None


class Mqtt:
    origin = "mqtt"

    def __init__(self, broker: Mosquitto, stack: ExitStack) -> None:
        self._watcher = Watcher(broker)
        stack.callback(self._watcher.close)

    def turn(self, value: float) -> None:
        self._watcher.say("livegraph/show/blend/ratio/set", str(value))

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def sees(self, own_was_last: bool) -> tuple[float, int | None]:
        return float(self._watcher.newest["livegraph/show/blend/ratio/state"]), None


@contextmanager
def a_graph(**controllers: Any) -> Iterator[Show]:
    registry = registry_with()
    with a_show(plan_graph({**GRAPH, "controllers": controllers}, registry=registry), registry) as show:
        yield show


def play(show: Show, players: list[Player], seconds: float) -> None:
    """All turn at once; then each has to see how it is."""
    changes: list[Change] = []
    show.on_loop(lambda: show.run.bus.listen(changes.append))
    ends, failed = time.monotonic() + seconds, list[BaseException]()

    def turns(player: Player, chance: random.Random) -> None:
        try:
            while time.monotonic() < ends:
                player.turn(chance.randrange(FINEST + 1) / FINEST)
                player.rest(chance.uniform(0, LONGEST_PAUSE_S))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=turns, args=(each, random.Random(each.origin))) for each in players]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    settled(show, players, changes)
    made = Counter(change.origins[ADDRESS] for change in changes)
    assert made.keys() == {player.origin for player in players} and min(made.values()) > 10 * seconds, made
    assert not any(show.refused().values())


def settled(show: Show, players: list[Player], changes: list[Change]) -> None:
    """What was sent last may be on its way for a moment."""
    found: dict[str, Any] = {}

    def same() -> bool:
        value, revision = show.on_loop(lambda: (show.run.bus.get(ADDRESS), show.run.bus.revision))
        last = changes[-1]
        found["the run"] = (value, revision, last.origins[ADDRESS])
        found.update({each.origin: each.sees(last.origins[ADDRESS] == each.origin) for each in players})
        return all(found[each.origin] in ((value, revision), (value, None)) for each in players)

    try:
        until(same)
    except AssertionError:
        raise AssertionError(f"they do not see the same: {found}") from None


@pytest.mark.parametrize("seconds", [3, A_MINUTE])
def test_by_http_websocket_and_osc(seconds: float) -> None:
    with a_graph(osc={"port": 0}) as show, ExitStack() as stack:
        play(show, [Http(show, stack), WebSocket(show, stack), Osc(show, stack)], seconds)


class TestWithABroker:
    pytestmark = NEEDED

    @pytest.mark.parametrize("seconds", [3, A_MINUTE])
    def test_by_mqtt_as_well(self, seconds: float, tmp_path: Path) -> None:
        broker = Mosquitto(tmp_path)
        broker.start()
        mqtt = {"host": "127.0.0.1", "port": broker.port}
        try:
            with a_graph(osc={"port": 0}, mqtt=mqtt) as show, ExitStack() as stack:
                play(show, [Http(show, stack), WebSocket(show, stack), Osc(show, stack), Mqtt(broker, stack)], seconds)
        finally:
            broker.stop()
