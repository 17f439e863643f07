"""From a packet to what it asks for: now, or when its timetag says."""

from __future__ import annotations

import asyncio
import logging
import time

from livegraph import Door
from livegraph_osc.client import Client
from livegraph_osc.codec import AT_ONCE, Group, read
from livegraph_osc.commands import Commands
from livegraph_osc.feedback import Feedback
from livegraph_osc.refused import Refused
from livegraph_osc.timetags import Schedule, unix_s

log = logging.getLogger(__name__)


class Receiver:
    """Takes whole packets, on the controller's loop; whatever they are, it counts and goes on."""

    def __init__(self, door: Door, commands: Commands, feedback: Feedback, loop: asyncio.AbstractEventLoop) -> None:
        self._door, self._commands, self._feedback, self._loop = door, commands, feedback, loop
        self._schedule: Schedule[tuple[Group, Client]] = Schedule()
        self._timer: asyncio.TimerHandle | None = None
        self.received = 0

    def __len__(self) -> int:
        """Bundles that wait for their time."""
        return len(self._schedule)

    def packet(self, packet: bytes, client: Client) -> None:
        self.received += 1
        try:
            if self._commands.plain(packet, client):
                return
            groups = read(packet)
        except Refused as error:
            self.refuse(error, client)
            return
        for group in groups:
            self._take(group, client)

    def settle(self) -> None:
        """All packets that came together were given to `packet`."""
        self._commands.settle()

    def refuse(self, error: Refused, client: Client) -> None:
        self._door.refuse(error.reason)
        log.debug("osc %s: %s", client.name, error)

    def gone(self, client: Client) -> None:
        """Its connection is closed."""
        self._feedback.remove(client.name)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _take(self, group: Group, client: Client) -> None:
        now_s = time.time()
        try:
            if group.timetag <= AT_ONCE or unix_s(group.timetag) <= now_s:
                self._commands.do(group.messages, client)
            else:
                self._schedule.put(unix_s(group.timetag), now_s, (group, client), len(group.messages) + 1)
                self._wait()
        except Refused as error:
            self.refuse(error, client)

    def _wait(self) -> None:
        self.close()
        wait_s = self._schedule.wait_s(time.time())
        self._timer = None if wait_s is None else self._loop.call_later(wait_s, self._due)

    def _due(self) -> None:
        for group, client in self._schedule.due(time.time()):
            try:
                self._commands.do(group.messages, client)
            except Refused as error:
                self.refuse(error, client)
        self._wait()
