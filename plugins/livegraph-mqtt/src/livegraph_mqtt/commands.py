"""What comes by MQTT, on its way to the run's door: read, coerced, refused and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future

from livegraph import Door
from livegraph_mqtt.board import Board
from livegraph_mqtt.payload import Refused, coerce, text_of, transaction
from livegraph_mqtt.topics import Command, Topics

log = logging.getLogger(__name__)


class Commands:
    """Takes messages; never blocks. `refused` is called with the addresses whose true state has to be said again: who
    asked may think that it was done.
    """

    def __init__(self, door: Door, topics: Topics, board: Board, refused: Callable[[list[str]], None]) -> None:
        self._door, self._topics, self._board, self._refused = door, topics, board, refused

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Any topic. A signal may be retained, for it is a state; a command may not: it is an old one, and would come
        again with every connection.
        """
        try:
            if topic in self._board.topics:
                self._board.put(topic, text_of(payload))
            command = self._topics.command(topic)
            if command is not None and retained:
                raise Refused("retained", "a retained command")
            if command is not None:
                self._do(command, text_of(payload))
        except Refused as error:
            self._door.refuse(error.reason)
            log.debug("%s: %s", topic[:200], error)

    def _do(self, command: Command, text: str) -> None:
        door = self._door
        match command.kind:
            case "set":
                self._set(command.address, text)
            case "transaction":
                values = transaction(text, door.knobs)
                self._watch(door.set(values), [address for address in values if address in door.knobs])
            case "preset":
                door.preset(text)
            case "undo":
                door.undo()
            case "reset":
                door.reset()

    def _set(self, address: str | None, text: str) -> None:
        if address is None:
            raise Refused("address", "no such control or parameter")
        try:
            value = coerce(self._door.knobs[address], text)
        except Refused:
            self._refused([address])
            raise
        self._watch(self._door.set({address: value}), [address])

    def _watch(self, answer: Future[int], addresses: list[str]) -> None:
        def settled(done: Future[int]) -> None:
            if done.exception() is not None:
                self._refused(addresses)

        answer.add_done_callback(settled)
