"""What changed, on its way to those who want to know: gathered on the run's loop, sent from the controller's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from livegraph import Change
from livegraph_osc.client import Client, Send, Subscriber
from livegraph_osc.codec import write
from livegraph_osc.places import Place, Places
from livegraph_osc.refused import Refused

PERIOD_S = 1 / 60
EXPIRES_S = 300.0
MOST_SUBSCRIBERS = 32


class Feedback:
    """Keeps the newest value of every parameter, so that nobody has to ask the run for it."""

    def __init__(self, places: Places, wake: Callable[[], None]) -> None:
        self._places, self._wake = places, wake
        self._lock = threading.Lock()
        self._values: dict[str, Any] = {}
        self._pending: dict[str, str | None] = {}
        self._subscribers: dict[str, Subscriber] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, client: str) -> bool:
        return client in self._subscribers

    # --- on the run's loop -----------------------------------------------------------------------------------------

    def hear(self, change: Change) -> None:
        """The last who set a value is the one who need not be told. Where nobody has subscribed, nobody is woken."""
        with self._lock:
            first = not self._pending
            self._values.update(change.values)
            if self._subscribers:
                self._pending.update((target, change.origins.get(target)) for target in change.values)
            wake = first and bool(self._pending)
        if wake:
            self._wake()

    def begin(self, values: Mapping[str, Any]) -> None:
        """How things are, by target; what was heard meanwhile is newer."""
        with self._lock:
            self._values = {**values, **self._values}

    # --- on the controller's thread --------------------------------------------------------------------------------

    def message(self, place: Place) -> bytes:
        return write(place.address, place.argument(self._values.get(place.knob.target)))

    def value(self, place: Place) -> Any:
        return place.argument(self._values.get(place.knob.target))

    def flush(self, now_s: float) -> None:
        """Tell everybody what has changed since the last time: of each parameter the newest value, once."""
        with self._lock:
            pending, self._pending = self._pending, {}
        self._expire(now_s)
        if not self._subscribers:
            return
        for target, origin in pending.items():
            for place in self._places.by_target.get(target, ()):
                self._tell(place, origin)

    def subscribe(self, client: Client, now_s: float, port: int | None, norm: bool) -> None:
        """Until `EXPIRES_S` have passed, or it is asked for again. Who is new is told how things are."""
        self._expire(now_s)
        send = client.send if port is None or client.send_to is None else client.send_to(port)
        new = client.name not in self._subscribers
        subscriber = Subscriber(f"osc {client.name}", send, norm, now_s + EXPIRES_S)
        self.add(client.name, subscriber)
        if new:
            self._tell_all(subscriber)

    def add(self, name: str, subscriber: Subscriber) -> None:
        if name not in self._subscribers and len(self._subscribers) >= MOST_SUBSCRIBERS:
            raise Refused("clients", f"{MOST_SUBSCRIBERS} clients have subscribed already")
        self._subscribers[name] = subscriber

    def remove(self, name: str) -> None:
        self._subscribers.pop(name, None)

    def _tell(self, place: Place, origin: str | None) -> None:
        told: list[Send] = [each.send for each in self._subscribers.values() if each.wants(place, origin)]
        packet = self.message(place) if told else b""
        for send in told:
            send(packet)

    def _tell_all(self, subscriber: Subscriber) -> None:
        for place in self._places.at.values():
            if subscriber.wants(place, None):
                subscriber.send(self.message(place))

    def _expire(self, now_s: float) -> None:
        gone = [
            name for name, each in self._subscribers.items() if each.expires_s is not None and each.expires_s < now_s
        ]
        for name in gone:
            del self._subscribers[name]
