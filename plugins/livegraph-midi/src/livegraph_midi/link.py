"""Ableton Link: beat and tempo that the programs of a local network share."""

from __future__ import annotations

from livegraph_midi import library
from livegraph_midi.clock import Time

TEMPO = 120.0
"""Until others are there, or for them where this one is first."""


class Link:
    """Make it on the run's loop, which aalink wants; read it from any thread. It never sets the session's tempo."""

    def __init__(self, beats_per_bar: int) -> None:
        self._session = library.link_session(TEMPO)
        self._session.quantum = float(beats_per_bar)
        self._session.enabled = True

    @property
    def peers(self) -> int:
        """Other programs in the session."""
        return self._session.num_peers

    def time(self, now_s: float) -> Time:
        """Link's own clock counts, which is the same on all machines; `now_s` does not."""
        return Time(max(self._session.beat, 0.0), self._session.tempo)

    def close(self) -> None:
        self._session.enabled = False
