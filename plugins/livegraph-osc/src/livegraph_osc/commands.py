"""What messages ask for, done by the run's door. Never blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from livegraph import Door
from livegraph_osc.board import Board
from livegraph_osc.client import Client
from livegraph_osc.codec import Message, write
from livegraph_osc.coerce import fires, number
from livegraph_osc.feedback import Feedback
from livegraph_osc.pattern import wild
from livegraph_osc.places import COMMANDS, ROOT, Place, Places
from livegraph_osc.plain import Plain
from livegraph_osc.refused import Refused
from livegraph_osc.replies import Replies

MOST_PATTERNS, MOST_STEPS = 16, 1_000
"""In a bundle."""
LONGEST_RAMP_S = 3600.0
Curve = Literal["linear", "smooth", "exponential"]
CURVES: tuple[Curve, ...] = get_args(Curve)


@dataclass(slots=True)
class Set:
    """Values that are one transaction."""

    values: dict[str, Any]
    over_s: float
    curve: Curve


Step: TypeAlias = Set | Callable[[], object]


class Commands:
    """Takes messages that came together, from one client, on the controller's thread."""

    def __init__(self, door: Door, places: Places, feedback: Feedback, board: Board, now: Callable[[], float]) -> None:
        self._door, self._places, self._feedback, self._board, self._now = door, places, feedback, board, now
        self._plain, self._replies = Plain(places, board), Replies()
        self._gathered: tuple[str, dict[str, Any]] = "", {}

    def plain(self, packet: bytes, client: Client) -> bool:
        """Whether that was all that the packet asked for: one float for one parameter. `Refused` as by `do`. It is done
        with what comes next, or by `settle`.
        """
        known = self._plain.read(packet)
        if known is None:
            return False
        place, value = known
        if client.name != self._gathered[0]:
            self.settle()
            self._gathered = client.name, {}
        self._gathered[1][place.knob.address] = place.value(value)
        return True

    def settle(self) -> None:
        """Do what `plain` has gathered: nothing more comes just now."""
        (client, values), self._gathered = self._gathered, ("", {})
        if values:
            self._door.set_each(values, client)

    def do(self, messages: list[Message], client: Client) -> None:
        """Several are one transaction: all is done, or, with a `Refused`, nothing."""
        self.settle()
        if len(messages) == 1:
            steps = self._steps(messages[0], client, alone=True)
        else:
            if sum(wild(each.address) for each in messages) > MOST_PATTERNS:
                raise Refused("pattern", f"more than {MOST_PATTERNS} patterns in a bundle")
            steps = _joined([step for each in messages for step in self._steps(each, client, alone=False)])
        sets = [step for step in steps if isinstance(step, Set) and not step.over_s]
        if len(messages) == 1 and len(sets) == len(steps) > 1:  # a pattern
            self._door.set_each(
                {address: value for each in sets for address, value in each.values.items()}, client.name
            )
            return
        for step in steps:
            if isinstance(step, Set):
                self._door.set(step.values, client.name, over_s=step.over_s, curve=step.curve)
            else:
                step()

    def _steps(self, message: Message, client: Client, *, alone: bool) -> list[Step]:
        readers = self._board.readers(message.address)
        if readers:
            return [self._signal(readers, message)]
        if message.address.startswith(f"{ROOT}/"):
            name, _, rest = message.address.removeprefix(f"{ROOT}/").partition("/")
            if name in COMMANDS:
                return self._command(name, rest, message.arguments, client)
        places = self._places.find(message.address)
        if not message.arguments or message.arguments[0] == "?":
            self._replies.take(client.name, len(places), self._now())
            return [lambda: self._answer(places, client)]
        return list(self._sets(places, message.arguments, alone=alone))

    def _signal(self, readers: tuple[str, ...], message: Message) -> Step:
        value = number(message.arguments[0]) if message.arguments else 1.0
        return lambda: self._board.put(readers, value)

    def _sets(self, places: tuple[Place, ...], arguments: tuple[Any, ...], *, alone: bool) -> list[Set]:
        """Alone, a pattern sets what it can, each by itself; in a bundle, all or nothing."""
        over_s, curve = _ramp(arguments)
        found = []
        for place in places:
            try:
                found.append(Set({place.knob.address: place.value(arguments[0])}, over_s, curve))
            except Refused as error:
                if len(places) == 1 or not alone:
                    raise
                self._door.refuse(error.reason)
        return found

    def _answer(self, places: tuple[Place, ...], client: Client) -> None:
        for place in places:
            client.send(self._feedback.message(place))

    def _command(self, name: str, rest: str, arguments: tuple[Any, ...], client: Client) -> list[Step]:
        door = self._door
        match name, rest:
            case "ping", "":
                self._replies.take(client.name, 1, self._now())
                return [lambda: client.send(write(f"{ROOT}/pong", *arguments[:1]))]
            case "undo", "":
                return [lambda: door.undo(client.name)] if fires(arguments) else []
            case "reset", "":
                addresses = [each for each in arguments if isinstance(each, str)]
                return [lambda: door.reset(addresses, client.name)] if addresses or fires(arguments) else []
            case "fade", "":
                return [self._fade(arguments, client)]
            case "subscribe", "":
                return [self._subscribe(arguments, client)]
            case "unsubscribe", "":
                return [lambda: self._feedback.remove(client.name)]
            case "preset", _ if rest:
                return self._preset(rest, arguments, client)
        raise Refused("address", "no such command")

    def _preset(self, rest: str, arguments: tuple[Any, ...], client: Client) -> list[Step]:
        """A float is the time of the ramp; whatever else is a button."""
        if not fires(arguments):
            return []
        if rest.startswith("keep/"):
            return [lambda: self._door.keep(rest.removeprefix("keep/"))]
        over_s, curve = _ramp((None, *arguments)) if arguments and isinstance(arguments[0], float) else (0.0, CURVES[0])
        return [lambda: self._door.preset(rest, client.name, over_s=over_s, curve=curve)]

    def _fade(self, arguments: tuple[Any, ...], client: Client) -> Step:
        match arguments:
            case (str() as first, str() as second, share):
                between = min(max(number(share), 0.0), 1.0)
                return lambda: self._door.fade(first, second, between, client.name)
        raise Refused("type", "fade takes two presets and a share")

    def _subscribe(self, arguments: tuple[Any, ...], client: Client) -> Step:
        ports = [each for each in arguments if isinstance(each, (int, float)) and not isinstance(each, bool)]
        port = round(number(ports[0])) if ports else None
        if port is not None and not 1 <= port <= 65_535:
            raise Refused("value", f"{port} is no port")
        norm = "norm" in arguments
        if client.name not in self._feedback:
            self._replies.take(client.name, len(self._places.at), self._now())
        return lambda: self._feedback.subscribe(client, self._now(), port, norm)


def _ramp(arguments: tuple[Any, ...]) -> tuple[float, Curve]:
    """From the second argument the seconds, from the third the curve's name."""
    over_s = number(arguments[1]) if len(arguments) > 1 else 0.0
    curve = arguments[2] if len(arguments) > 2 else CURVES[0]
    if not 0 <= over_s <= LONGEST_RAMP_S or curve not in CURVES:
        raise Refused("value", f"a ramp takes 0 to {LONGEST_RAMP_S:g} s, and is one of {', '.join(CURVES)}")
    return over_s, curve


def _joined(steps: list[Step]) -> list[Step]:
    """Neighbours that set, and take the same time for it, are one transaction."""
    if len(steps) > MOST_STEPS:
        raise Refused("size", f"a bundle that sets more than {MOST_STEPS} values")
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if isinstance(step, Set) and isinstance(last, Set) and (step.over_s, step.curve) == (last.over_s, last.curve):
            last.values.update(step.values)
        else:
            joined.append(step)
    return joined
