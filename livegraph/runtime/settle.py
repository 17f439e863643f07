"""Tickets come home: the ledger of what was issued, and the lease that each call holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from livegraph.frame import Ticket


class Ledger:
    """Issues tickets and sees each settle. In the end issued = settled, whatever happened in between."""

    __slots__ = ("issued", "settled")

    def __init__(self) -> None:
        self.issued = 0
        self.settled = 0

    def issue(self, seq: int, on_settle: Callable[[], None] | None = None) -> Ticket:
        """A ticket, held once by the caller; `on_settle` is where its credit goes home."""
        self.issued += 1

        def settle(ticket: Ticket) -> None:
            self.settled += 1
            if on_settle is not None:
                on_settle()

        return Ticket(seq, settle)


class Lease:
    """What a call holds of its inputs. Releases and outputs count only while it lives; ending it twice is once."""

    __slots__ = ("_tickets", "alive")

    def __init__(self, tickets: Sequence[Ticket]) -> None:
        self._tickets = tickets
        self.alive = True

    def end(self) -> None:
        """The call is over, or was revoked: what it held is released, once."""
        if self.alive:
            self.alive = False
            for ticket in self._tickets:
                ticket.release()
