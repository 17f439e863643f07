"""What a person sees while a graph runs: a table that lives on a terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from livegraph.cli.lines import progress, recordings, summary

if TYPE_CHECKING:
    from livegraph.graph.plan import Plan

log = logging.getLogger("livegraph.run")

LINE_EVERY_S = 5.0
REFRESHES = 4
"""Of the table, per second: as often as there are new figures."""


class Display(AbstractContextManager["Display"]):
    """The quiet one, and what the others are made of."""

    def say(self, text: str) -> None:
        """A line that a node or the runtime wants read; from any thread."""

    def tick(self, stats: Mapping[str, Any]) -> None:
        """A moment of the run, about four times a second."""

    def end(self, stats: Mapping[str, Any]) -> None:
        """The run is over, and these are its final figures."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Lines(Display):
    """For logs and pipes: what is said, a line every five seconds, a summary."""

    def __init__(self, plan: Plan) -> None:
        self._next_s = LINE_EVERY_S
        self._heard = True
        self.say(f"{plan.name}: {plan.mode}, {' -> '.join(node.id for node in plan.nodes)}")

    def say(self, text: str) -> None:
        """Where nobody listens any more (`| head`, a full disk), the show goes on without words."""
        if not self._heard:
            return
        try:
            typer.echo(text)
        except (OSError, ValueError):
            self._heard = False
            _silence()

    def tick(self, stats: Mapping[str, Any]) -> None:
        if stats["duration_s"] >= self._next_s:
            self._next_s = stats["duration_s"] // LINE_EVERY_S * LINE_EVERY_S + LINE_EVERY_S
            self.say(progress(stats))

    def end(self, stats: Mapping[str, Any]) -> None:
        for line in summary(stats):
            self.say(line)


class Logged(Lines):
    """The same lines as entries of the log, where that is read by a program."""

    def say(self, text: str) -> None:
        log.info(text)


class LiveTable(Display):
    """For a terminal: one table, drawn over itself. What is said stands among its notes."""

    def __init__(self, plan: Plan) -> None:
        from rich.console import Console
        from rich.live import Live

        from livegraph.cli.table import Starting

        self._said: list[str] = []
        self._console = Console(highlight=False)
        self._live = Live(
            Starting(plan.name, plan.mode, self._said),
            console=self._console,
            refresh_per_second=REFRESHES,
            redirect_stderr=sys.stderr.isatty(),
            vertical_overflow="crop",
        )

    def __enter__(self) -> LiveTable:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._live.stop()
        except OSError:  # the terminal was closed
            _silence()

    def say(self, text: str) -> None:
        self._said.append(text)

    def tick(self, stats: Mapping[str, Any]) -> None:
        self._draw(stats)

    def end(self, stats: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the terminal was closed
            self._conclude(stats)

    def _conclude(self, stats: Mapping[str, Any]) -> None:
        self._draw({**stats, "health": "ended"})
        self._live.stop()  # draws once more
        self._console.print()
        for line in (*summary(stats), *(f"  {note}" for note in recordings(self._with_notes(stats)))):
            self._console.print(line, markup=False, soft_wrap=True)

    def _draw(self, stats: Mapping[str, Any]) -> None:
        from livegraph.cli.table import RunTable

        self._live.update(RunTable(self._with_notes(stats)))

    def _with_notes(self, stats: Mapping[str, Any]) -> Mapping[str, Any]:
        notes = dict.fromkeys((*(stats.get("notes") or ()), *self._said))
        return {**stats, "notes": list(notes)}


def display_for(plan: Plan, *, quiet: bool, logged: bool = False) -> Display:
    """`logged`: into the log, whatever stdout is."""
    if quiet:
        return Display()
    if logged:
        return Logged(plan)
    on_terminal = sys.stdout is not None and sys.stdout.isatty()  # None: closed by who called (`>&-`)
    return LiveTable(plan) if on_terminal else Lines(plan)


def _silence() -> None:
    """Nothing that is still in the buffer of stdout may raise when Python flushes it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
