"""What the surface shows right now, for the nodes that read it as signals."""

from __future__ import annotations

import time

from livegraph_midi.clock import Clock, MidiClock, Time
from livegraph_midi.decode import Decoder, Move
from livegraph_midi.link import Link
from livegraph_midi.place import Place

MOST = 4096
"""Places that are remembered: 16 channels of 128 CCs and 128 notes."""


class Surface:
    """Written on the driver's thread, read on any."""

    def __init__(self) -> None:
        self.clock = MidiClock()
        self.link: Link | None = None
        self.decoder = Decoder()
        self._shares: dict[Place, float] = {}

    def watch(self, place: Place) -> None:
        """Somebody reads it: 14 bits have to be known as such."""
        self.decoder.watch(place)

    def moved(self, move: Move) -> None:
        """Under its channel, and as the newest of any."""
        if move.place not in self._shares and len(self._shares) >= MOST:
            return
        self._shares[move.place] = move.share
        self._shares[move.place.on(0)] = move.share

    def share(self, place: Place) -> float | None:
        return self._shares.get(place)

    @property
    def music(self) -> Clock:
        """The clock in use: Link where a session was joined, else the MIDI clock."""
        return self.link or self.clock

    def time(self, now_s: float | None = None) -> Time | None:
        return self.music.time(time.monotonic() if now_s is None else now_s)
