"""The connection to the broker: an asyncio loop on a thread of its own, which connects again for as long as it lives.

Nothing of it is waited for by the run, and nothing piles up: one message is under way at a time, and what still has to
be said lies in `States`, once per topic.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from livegraph_mqtt.backoff import Backoff
from livegraph_mqtt.payload import LONGEST
from livegraph_mqtt.states import States

log = logging.getLogger(__name__)
wire = logging.getLogger(f"{__name__}.wire")
wire.setLevel(logging.CRITICAL)  # what goes wrong there comes as an error, too, and is told once

TO_ANSWER_S = 5.0
"""A broker that takes longer for a packet is gone."""
TO_CLOSE_S = 4.0
TOGETHER_S = 0.03
"""States that change within this time are looked at together: who changes them wakes this thread once."""
MOST_INCOMING = 1000
"""Messages that wait to be looked at; they are looked at as fast as they come."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, and who we are there. `tls`: made before, so that a bad file is told at the start."""

    host: str
    port: int
    version: Literal["3.1.1", "5"]
    client_id: str
    keepalive: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish that is no state: it is made anew each time."""

    topic: str
    text: str
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """What is said and heard. `greet` is what a broker is told on each connection, and when `birth` says that Home
    Assistant is there; `report` is published every `every_s` seconds (0: never).
    """

    filters: tuple[str, ...]
    availability: str
    birth: str
    take: Callable[[str, bytes, bool], None]
    greet: Callable[[], Awaitable[list[Message]]]
    report: Callable[[], Awaitable[Message]]
    every_s: float
    told: Callable[[str | None], None]
    """Connected (None), or why not; once for each turn of events."""


class Link:
    """`start` and `close` from any thread."""

    def __init__(self, broker: Broker, talk: Talk, states: States) -> None:
        self.connected = False
        self.connects = self.published = self.received = 0
        self.error: str | None = None
        self._broker, self._talk, self._states = broker, talk, states
        self._backoff = Backoff()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = threading.Event()
        self._news: asyncio.Event
        self._woken = False

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Says `offline` where a broker listens; within seconds, also where it does not."""
        self._closing.set()
        self._on_loop(self._cancel)
        if self._thread.is_alive():
            self._thread.join(TO_CLOSE_S)

    def status(self) -> dict[str, Any]:
        return {
            "connected": self.connected,
            "connects": self.connects,
            "published": self.published,
            "received": self.received,
            "error": self.error,
        }

    def wake(self) -> None:
        """There is something new in the states; from any thread."""
        if not self._woken:
            self._woken = True
            self._on_loop(lambda: self._news.set())

    def _on_loop(self, function: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(function)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        # paho wants add_reader, which the loop that Windows has by default cannot do
        loop = asyncio.SelectorEventLoop()
        try:
            self._task = loop.create_task(self._live())
            self._loop = loop
            if self._closing.is_set():
                self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(self._task)
            loop.run_until_complete(loop.shutdown_default_executor())
        except Exception:  # the thread ends here: the show goes on without a broker, and the log says why
            log.exception("MQTT has ended")
        finally:
            self.connected = False
            loop.close()

    async def _live(self) -> None:
        self._news = asyncio.Event()
        while True:
            began = time.monotonic()
            try:
                await self._session()
            except* (aiomqtt.MqttError, OSError) as group:
                self._failed(group)
            except* Exception as group:  # our own fault, or a library's: the show goes on, and the next try may work
                log.exception("MQTT")
                self._failed(group)
            finally:
                self.connected = False
            self._backoff.held(time.monotonic() - began)
            await asyncio.sleep(self._backoff.wait_s())

    def _failed(self, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        text = str(error.__cause__ or error)
        if text != self.error:
            self._talk.told(text)
        self.error = text

    async def _session(self) -> None:
        """One connection, to its end: an error, or that we are closed."""
        async with self._client() as client:
            try:
                await self._begin(client)
                async with asyncio.TaskGroup() as tasks:
                    for each in (self._hear, self._tell, self._report):
                        tasks.create_task(each(client))
            except asyncio.CancelledError:  # closed in order: the will is not sent, so we say it ourselves
                with contextlib.suppress(aiomqtt.MqttError):
                    await client.publish(self._talk.availability, "offline", qos=1, retain=True, timeout=1.0)
                raise

    async def _begin(self, client: aiomqtt.Client) -> None:
        await client.subscribe([(each, 1) for each in (*self._talk.filters, self._talk.availability)])
        await client.publish(self._talk.availability, "online", qos=1, retain=True)
        await self._greet(client)
        self._backoff.connected()
        self.connected, self.error = True, None
        self.connects += 1
        self._talk.told(None)

    def _client(self) -> aiomqtt.Client:
        broker, five = self._broker, self._broker.version == "5"
        properties = None
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = 2 * LONGEST  # a larger one is dropped by the broker
        return aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=broker.client_id,
            username=broker.username,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(self._talk.availability, "offline", qos=1, retain=True),
            keepalive=broker.keepalive,
            tls_context=broker.tls,
            timeout=TO_ANSWER_S,
            max_queued_incoming_messages=MOST_INCOMING,
            properties=properties,
            logger=wire,
        )

    async def _greet(self, client: aiomqtt.Client) -> None:
        for message in await self._talk.greet():
            await client.publish(message.topic, message.text, qos=1, retain=message.retain)
        self._states.again()
        self._news.set()

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.received += 1
            topic = message.topic.value
            # a retained birth message is older than our greeting
            if topic == self._talk.birth and message.payload == b"online" and not message.retain:
                await self._greet(client)
            if topic == self._talk.availability and message.payload == b"offline" and not message.retain:
                # the will of a twin, or of ourselves before the power failed: the broker noticed it only now
                await client.publish(topic, "online", qos=1, retain=True)
            self._talk.take(topic, bytes(message.payload), message.retain)

    async def _tell(self, client: aiomqtt.Client) -> None:
        while True:
            due = self._states.take(time.monotonic())
            if due is None:
                await self._wait_for_news()
                continue
            await client.publish(due[0], due[1], retain=True)  # QoS 0 waits until it is written: that is the brake
            self.published += 1

    async def _wait_for_news(self) -> None:
        """Or until a state that waits is due."""
        self._news.clear()
        self._woken = False  # before the look: what comes after it wakes
        wait = self._states.wait_s(time.monotonic())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), wait)
        await asyncio.sleep(TOGETHER_S)

    async def _report(self, client: aiomqtt.Client) -> None:
        while self._talk.every_s:
            message = await self._talk.report()
            await client.publish(message.topic, message.text, retain=message.retain)
            self.published += 1
            await asyncio.sleep(self._talk.every_s)
