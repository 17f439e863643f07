"""The controller `mqtt`: a run's knobs on a broker."""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal

from livegraph import Change, Controller, Door, InputError, Param, Params
from livegraph_mqtt import discovery
from livegraph_mqtt.board import Board
from livegraph_mqtt.commands import Commands
from livegraph_mqtt.link import Broker, Link, Message, Talk
from livegraph_mqtt.payload import encode
from livegraph_mqtt.signal import MqttSignal
from livegraph_mqtt.states import States
from livegraph_mqtt.topics import PLAIN, Topics, slug

TO_ANSWER_S = 10.0
TEXT = r"^[^\x00]{0,1000}$"
BASE = r"^([^$+#\x00/][^+#\x00/]*(/[^+#\x00/]+)*)?$"
"""Nothing, or a topic without wildcards that is not one of the broker's own (`$SYS`)."""


class Mqtt(Controller):
    """Every knob as a topic to set it and a retained topic that says how it is."""

    host: str = Param(remote=False, pattern=r"^[^\s/]{1,253}$", doc="where the broker is")
    port: int = Param(0, remote=False, ge=0, le=65535, doc="0: 1883, or 8883 with TLS")
    version: Literal["3.1.1", "5"] = Param("3.1.1", remote=False, doc='of the protocol; 5 in quotes: "5"')
    tls: str = Param("off", remote=False, pattern=TEXT, doc="off; on; or the file of the authority to trust")
    username: str = Param("", remote=False, pattern=TEXT, doc="who logs in; empty: nobody does")
    password: str = Param("", remote=False, secret=True, pattern=TEXT, doc='from the environment: "${MQTT_PASSWORD}"')
    base: str = Param("", remote=False, pattern=BASE, doc="before every topic; empty: livegraph/ and the graph's name")
    client_id: str = Param("", remote=False, pattern=r"^[^\x00]{0,64}$", doc="empty: another at each start")
    discovery: bool = Param(True, remote=False, doc="whether Home Assistant is told")
    discovery_prefix: str = Param("homeassistant", remote=False, pattern=f"^{PLAIN}$", doc="where it looks")
    device: str = Param("", remote=False, pattern=r"^[A-Za-z0-9_-]{0,64}$", doc="its id there; empty: from the base")
    keepalive: int = Param(15, remote=False, ge=5, le=3600, unit="s", doc="silence after which each side asks")
    statistics: float = Param(5.0, remote=False, ge=0, le=3600, unit="s", doc="between two statistics; 0: none")

    def start(self) -> None:
        """The broker need not be there yet. `InputError` for a TLS file that cannot be used."""
        broker = broker_of(self.params)
        self._door: Door = self.run.door("mqtt")
        self._topics = Topics(self.params.base or f"livegraph/{slug(self.run.plan.name)}", self._door.knobs)
        self._states = States()
        self.board = self._board()
        self._by_target: dict[str, list[str]] = {}
        for address in self._topics.addresses:
            self._by_target.setdefault(self._door.knobs[address].target, []).append(address)
        self._link = Link(broker, self._talk(), self._states)
        self._unlisten = self._door.listen(self._heard).result(TO_ANSWER_S)
        revision, values = self._door.values().result(TO_ANSWER_S)
        self._put({self._door.knobs[address].target: value for address, value in values.items()}, revision)
        self._link.start()

    def close(self) -> None:
        if self._unlisten is not None:
            self.run.ask(self._unlisten)
        if self._link is not None:
            self._link.close()

    def status(self) -> Mapping[str, Any]:
        return {"connected": False} if self._link is None else self._link.status()

    _link: Link | None = None
    _unlisten: Callable[[], None] | None = None

    def _board(self) -> Board:
        reads: list[Any] = [each.params for each in self.run.plan.functions if issubclass(each.cls, MqttSignal)]
        return Board((each.topic, each.path) for each in reads)

    def _talk(self) -> Talk:
        commands = Commands(self._door, self._topics, self.board, self._say_again)
        birth = f"{self.params.discovery_prefix}/status" if self.params.discovery else ""
        return Talk(
            filters=tuple(each for each in (*self._topics.filters, birth, *sorted(self.board.topics)) if each),
            availability=self._topics.availability,
            birth=birth,
            take=commands.take,
            greet=self._greet,
            report=self._report,
            every_s=self.params.statistics,
            told=self._told,
        )

    def _heard(self, change: Change) -> None:
        """On the run's loop. Also of what came by MQTT itself: a state topic is a state, and has to be true."""
        self._put(change.values, change.revision)

    def _put(self, values: Mapping[str, Any], revision: int) -> None:
        new = False
        for target, value in values.items():
            for address in self._by_target.get(target, ()):
                text = encode(self._door.knobs[address], value)
                new = self._states.put(self._topics.state(address), text, revision) or new
        if new and self._link is not None:
            self._link.wake()

    def _say_again(self, addresses: list[str]) -> None:
        self._states.again([self._topics.state(address) for address in addresses])
        if self._link is not None:
            self._link.wake()

    async def _greet(self) -> list[Message]:
        """What Home Assistant is to know; presets are looked up anew, for some may have been made meanwhile."""
        if not self.params.discovery:
            return []
        presets = await asyncio.wrap_future(self._door.presets())
        device = discovery.Device(self.params.device or slug(self._topics.base), self.run.plan.name)
        knobs, statistics = self._door.knobs, bool(self.params.statistics)
        document = discovery.document(device, self._topics, knobs, list(presets), statistics)
        topic = discovery.topic(self.params.discovery_prefix, device)
        return [Message(topic, json.dumps(document), retain=True)]

    async def _report(self) -> Message:
        stats = await asyncio.wrap_future(self.run.ask(self.run.stats))
        return Message(self._topics.stats, json.dumps(summed_up(stats), default=str))

    def _told(self, trouble: str | None) -> None:
        where = f"{self.params.host}:{broker_port(self.params)}"
        self.run.say(f"mqtt: connected to {where}" if trouble is None else f"mqtt: {where}: {trouble}; trying again")


def broker_port(params: Any) -> int:
    return params.port or (1883 if params.tls == "off" else 8883)


def broker_of(params: Params) -> Broker:
    given: Any = params
    return Broker(
        host=given.host,
        port=broker_port(given),
        version=given.version,
        client_id=given.client_id or f"livegraph-{uuid.uuid4().hex[:12]}",
        keepalive=given.keepalive,
        username=given.username or None,
        password=given.password or None,
        tls=tls_of(given.tls),
    )


def tls_of(how: str) -> ssl.SSLContext | None:
    """The broker's certificate and name are always checked; `InputError` for a file that holds no authority."""
    if how == "off":
        return None
    try:
        return ssl.create_default_context(cafile=None if how == "on" else how)
    except OSError as error:  # SSLError is one
        raise InputError(f"mqtt: tls is off, on, or a file of certificates (PEM): {error.strerror or error}") from None


def summed_up(stats: Mapping[str, Any]) -> dict[str, Any]:
    """The statistics document, and before it what a sensor shows: the first sink's rate and age."""
    sink = next(iter(stats["sinks"].values()), None)
    fps, age = (sink["fps"], sink["age_ms"]["p50"]) if sink else (0.0, 0.0)
    return {"fps": fps, "age_ms": age, **stats}
