"""The newest numbers at the addresses that a run's `osc.signal` nodes read."""

from __future__ import annotations

from collections.abc import Iterable

from livegraph_osc.pattern import Pattern, wild

MOST_KNOWN = 1_024


class Board:
    """Written on the controller's thread, read on the run's loop: one assignment in a dict, so no lock. `wanted`:
    addresses or patterns; `Refused` for a pattern that is none.
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        self._patterns = {each: Pattern(each) for each in wanted}
        self._numbers: dict[str, float] = {}
        self._known: dict[str, tuple[str, ...]] = {}

    def get(self, wanted: str) -> float | None:
        return self._numbers.get(wanted)

    def readers(self, address: str) -> tuple[str, ...]:
        """By what an address that comes in is read."""
        if not self._patterns:
            return ()
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[address] = self._matching(address)
        return known

    def put(self, readers: Iterable[str], number: float) -> None:
        for each in readers:
            self._numbers[each] = number

    def _matching(self, address: str) -> tuple[str, ...]:
        if wild(address):
            return ()
        parts = address.split("/")
        return tuple(each for each, pattern in self._patterns.items() if pattern.matches(parts))
