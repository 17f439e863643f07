"""The doors by which changes come from outside the machine: OSC, MQTT, a web page."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from livegraph.control import presets
from livegraph.control.change import Hear, Request
from livegraph.control.knobs import Knob
from livegraph.control.ramp import Curve
from livegraph.errors import LivegraphError, ParamError

if TYPE_CHECKING:
    from livegraph.control.bus import Bus

log = logging.getLogger("livegraph.control")

GATHER_S = 1 / 60
"""Changes that come within this time are one transaction: half a frame's period at 30 fps. So often at most is the
run's loop held by them."""
MOST_WAITING = 10_000
"""Transactions that may wait for the run; more are refused: it does not answer."""
MOST_VALUES = 1_000
LONGEST_TEXT = 10_000
"""Characters of one value."""
SPARING_S, MOST_KNOWN = 1.0, 256

T = TypeVar("T")


class Loop(Protocol):
    """A run's loop, as a door needs it."""

    def ask(self, function: Callable[[], T]) -> Future[T]:
        """Call a function there, from any thread. Where the run has ended, the future says so."""
        ...

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function there after a while; on the loop itself."""
        ...

    def save(self) -> Future[list[str]]:
        """Write what was changed into the graph's file."""
        ...


class Door:
    """One way in. What comes by it reaches only what may be changed from outside; what is refused is counted by its
    reason. From any thread.

    Of changes to the same addresses by the same client that come before the run has looked, the last counts.
    """

    def __init__(self, name: str, bus: Bus, loop: Loop) -> None:
        self.name = name
        self.refused: Counter[str] = Counter()
        """How often, by reason."""
        self.taken = 0
        """Transactions that were applied."""
        self._bus, self._loop = bus, loop
        self._lock = threading.Lock()
        self._waiting: dict[object, tuple[Request | Callable[[], Any], list[Future[Any]]]] = {}
        self._gathering = False
        self._said: dict[str, float] = {}

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """All that may be changed by it, by address."""
        return self._bus.knobs

    def set(
        self, values: Mapping[str, Any], client: str = "", *, over_s: float = 0.0, curve: Curve = "linear"
    ) -> Future[int]:
        """A transaction. The future has the revision, or a `ParamError` that says what is wrong. `client`: who asks, as
        the log and the others are to see it.
        """
        if objection := self._objection(values):
            return self._refused(*objection)
        request = Request(dict(values), self.origin(client), over_s, curve)
        return self._wait((request.origin, frozenset(values)), request)

    def set_each(self, values: Mapping[str, Any], client: str = "") -> None:
        """Each value is a transaction of its own, and nobody waits for the answers: for a surface that sends many."""
        good = {}
        for address, value in values.items():
            if objection := self._objection({address: value}):
                self.refuse(objection[0])
            else:
                good[address] = value
        if good:
            self._gather(good, self.origin(client))

    def preset(self, name: str, client: str = "", *, over_s: float = 0.0, curve: Curve = "linear") -> Future[int]:
        return self._call(lambda: self._bus.preset(name, origin=self.origin(client), over_s=over_s, curve=curve))

    def fade(self, first: str, second: str, share: float, client: str = "") -> Future[int]:
        return self._call(lambda: self._bus.fade(first, second, share, origin=self.origin(client)))

    def keep(self, name: str) -> Future[Mapping[str, Any]]:
        return self._call(lambda: self._bus.keep(name))

    def undo(self, client: str = "") -> Future[int]:
        return self._call(lambda: self._bus.undo(origin=self.origin(client)))

    def reset(self, addresses: Iterable[str] = (), client: str = "") -> Future[int]:
        wanted = tuple(addresses)
        objection = self._objection(dict.fromkeys(wanted)) if wanted else None
        if objection:
            return self._refused(*objection)
        return self._call(lambda: self._bus.reset(wanted, origin=self.origin(client)))

    def save(self) -> Future[list[str]]:
        """Write what was changed into the graph's file; the future has the names of what was written."""
        return self._loop.save()

    def values(self, addresses: Iterable[str] | None = None) -> Future[tuple[int, dict[str, Any]]]:
        """The revision, and the values that these addresses have with it; all, unless told which."""
        wanted = None if addresses is None else [each for each in addresses if each in self._bus.knobs]
        return self._call(lambda: (self._bus.revision, self._bus.values(wanted)))

    def presets(self) -> Future[dict[str, dict[str, Any]]]:
        return self._call(self._bus.shown_presets)

    def listen(self, hear: Hear) -> Future[Callable[[], None]]:
        """`hear` is called with each change, on the run's loop: it may not block. The future has what ends that, to be
        called from any thread.
        """

        def begin() -> Callable[[], None]:
            end = self._bus.listen(hear)

            def ended() -> None:
                self._loop.ask(end)

            return ended

        return self._call(begin)

    def refuse(self, reason: str) -> None:
        """Count what was refused before it came this far: a packet that nobody could read."""
        with self._lock:
            self.refused[reason] += 1

    def origin(self, client: str) -> str:
        """How a client of this door is called in the log, and in a `Change`."""
        return f"{self.name} {client}".rstrip()

    def document(self) -> dict[str, Any]:
        return {"taken": self.taken, "refused": dict(self.refused)}

    def _objection(self, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Why they may not come in, if so: by what it is counted, and in words."""
        if not values or len(values) > MOST_VALUES:
            return "size", f"a transaction has 1 to {MOST_VALUES} values"
        for address, value in values.items():
            if address not in self._bus.knobs:
                return "address", presets.unknown("control", address[:200], self._bus.knobs)
            if isinstance(value, str) and len(value) > LONGEST_TEXT:
                return "size", f"{address}: text of {len(value)} characters; {LONGEST_TEXT} at most"
        return None

    def _gather(self, values: dict[str, Any], origin: str) -> None:
        """With what the same client asked for just before; after what others asked for meanwhile."""
        first = False
        with self._lock:
            last = next(reversed(self._waiting), None)
            job = self._waiting[last][0] if last is not None else None
            if isinstance(job, Request) and job.each and job.origin == origin:
                del self._waiting[last]
                values = {**job.values, **values}
            if not (full := len(self._waiting) >= MOST_WAITING):
                self._waiting[object()] = (Request(values, origin, each=True), [])
                first, self._gathering = not self._gathering, True
        if full:
            self.refuse("busy")
        if first:
            self._loop.ask(self._flush).add_done_callback(self._flushed)

    def _flush(self) -> None:
        """On the run's loop: apply what has come; then look again a moment later."""
        with self._lock:
            again = self._gathering = bool(self._waiting)
        self._drain()
        if again:
            self._loop.later(GATHER_S, self._flush)

    def _drain(self) -> None:
        """All that has come, in turn; changes that follow each other are one transaction."""
        with self._lock:
            batch, self._waiting = list(self._waiting.values()), {}
        together: list[tuple[Request, list[Future[int]]]] = []
        for job, answers in batch:
            if isinstance(job, Request):
                together.append((job, answers))
                continue
            self._apply(together)
            together = []
            self._run(job, answers)
        self._apply(together)

    def _apply(self, batch: Sequence[tuple[Request, list[Future[int]]]]) -> None:
        if batch:
            results = self._transacted([request for request, _ in batch])
            for (request, answers), result in zip(batch, results, strict=True):
                if request.each and isinstance(result, ParamError):  # one of them: each by itself tells which
                    self._apply([(one, []) for one in request.parted()])
                else:
                    self._settle(request, answers, result)

    def _transacted(self, requests: Sequence[Request]) -> Sequence[int | ParamError]:
        try:
            return self._bus.transact(requests)
        except Exception:  # a mistake of ours is to close no door
            log.exception("livegraph itself failed in a change by %s", self.name)
            return [ParamError("livegraph itself failed in this; its log tells more")] * len(requests)

    def _run(self, job: Callable[[], Any], answers: list[Future[Any]]) -> None:
        for answer in answers:
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(job())
            except LivegraphError as error:
                self.refuse("value")
                answer.set_exception(error)
            except Exception as error:  # a mistake of ours is to close no door
                log.exception("livegraph itself failed in what was asked by %s", self.name)
                answer.set_exception(error)

    def _flushed(self, asked: Future[None]) -> None:
        """Where the run has ended, whoever waits is told."""
        error = asked.exception()
        if error is None:
            return
        with self._lock:
            batch, self._waiting, self._gathering = list(self._waiting.values()), {}, False
        for _, answers in batch:
            for answer in answers:
                answer.set_exception(error)

    def _settle(self, request: Request, answers: list[Future[int]], result: int | ParamError) -> None:
        refused = isinstance(result, ParamError)
        if refused:
            self.refuse("value")
        else:
            self.taken += len(request.values) if request.each else 1
        if self._may_say(request.origin):
            what = ", ".join(request.values)
            log.info("%s: %s", request.origin, result if refused else f"set {what} (revision {result})")
        for answer in answers:
            if not answer.set_running_or_notify_cancel():
                continue
            if isinstance(result, ParamError):
                answer.set_exception(result)
            else:
                answer.set_result(result)

    def _may_say(self, origin: str) -> bool:
        """One line a second for each client: a knob that is turned is not to fill the log."""
        now = time.monotonic()
        if now - self._said.get(origin, float("-inf")) < SPARING_S:
            return False
        if len(self._said) > MOST_KNOWN:
            self._said.clear()
        self._said[origin] = now
        return True

    def _refused(self, reason: str, text: str) -> Future[Any]:
        self.refuse(reason)
        answer: Future[Any] = Future()
        answer.set_exception(ParamError(text))
        return answer

    def _call(self, function: Callable[[], T]) -> Future[T]:
        """In its turn: what was asked for before is done before, what comes later after."""
        return self._wait(object(), function)

    def _wait(self, key: object, job: Request | Callable[[], Any]) -> Future[Any]:
        answer: Future[Any] = Future()
        with self._lock:
            if full := len(self._waiting) >= MOST_WAITING:
                first = False
            else:
                _, answers = self._waiting.pop(key, (None, []))
                self._waiting[key] = (job, [*answers, answer])
                first, self._gathering = not self._gathering, True
        if full:
            return self._refused("busy", "the run does not answer")
        if first:
            self._loop.ask(self._flush).add_done_callback(self._flushed)
        return answer
