"""A chunk that is being filled: inputs wait until there are enough of them for one call. Pure logic."""

from __future__ import annotations

from livegraph.runtime.join import Fire


class Fill:
    """The inputs that wait, at most `take` of them; each still holds its tickets."""

    __slots__ = ("_steps", "_take")

    def __init__(self, take: int) -> None:
        self._take = take
        self._steps: list[Fire] = []

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def first_ns(self) -> int:
        """The pts of the first that waits."""
        return self._steps[0].pts_ns

    def add(self, step: Fire, now_ns: int) -> list[Fire]:
        """One more; gives the chunk once it is full, else nothing."""
        self._steps.append(step if step.put_ns else step._replace(put_ns=now_ns))
        return self.empty() if len(self._steps) == self._take else []

    def overdue_ns(self, period_ns: int) -> int:
        """The clock's time at which a chunk that was begun is given up: twice its length after its first came."""
        return self._steps[0].put_ns + 2 * self._take * period_ns

    def torn(self, pts_ns: int, period_ns: int) -> bool:
        """Whether a frame at `pts_ns` is too far from the first that waits for one chunk: twice its length."""
        return pts_ns - self.first_ns > 2 * self._take * period_ns

    def filled_up(self) -> tuple[list[Fire], int]:
        """The chunk, filled up with its last input, and how many of it are real."""
        steps = self.empty()
        return [*steps, *[steps[-1]._replace(tickets=())] * (self._take - len(steps))], len(steps)

    def drop(self) -> list[Fire]:
        """The chunk will not be completed: what waited, its tickets released."""
        steps = self.empty()
        for step in steps:
            for ticket in step.tickets:
                ticket.release()
        return steps

    def empty(self) -> list[Fire]:
        """What waits, with its tickets; nothing waits any more."""
        steps, self._steps = self._steps, []
        return steps
