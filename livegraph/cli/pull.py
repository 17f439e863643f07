"""`livegraph models pull`: says what is to come, asks, and shows how it comes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from livegraph.models.report import Reporter

if TYPE_CHECKING:
    from rich.progress import Progress

    from livegraph.models.library import FileLook
    from livegraph.models.pull import Errand

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

LINE_EVERY_S = 10.0
"""Between two lines about one file, where there is no terminal."""


def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models of `livegraph models list`.")],
    yes: Yes = False,
) -> None:
    """Fetch models, and what they need.

    Shows licence and size first, and asks.

    Ctrl-C keeps what came so far; the next pull goes on from there.

    \b
    livegraph models pull self-forcing-1.3b
    HF_TOKEN=...         for what wants a login; sent to Hugging Face alone
    LIVEGRAPH_OFFLINE=1  fetch nothing; say what to fetch elsewhere
    """
    from livegraph.errors import ModelError
    from livegraph.models.library import with_needs
    from livegraph.models.pull import plan, refuse_offline, refuse_without_room
    from livegraph.models.pull import pull as fetch

    try:
        with_needs(names)
    except ModelError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    errands = plan(names)
    if not errands:
        typer.echo("All of it is here.")
        return
    refuse_offline(errands)
    tell(errands)
    refuse_without_room(sum(errand.remaining for errand in errands))
    agree("Fetch them?" if len(errands) > 1 else "Fetch it?", yes)
    try:
        with reporter(Lines) as told:
            fetch(errands, told)
    except KeyboardInterrupt:
        typer.echo("Stopped. What came so far is kept; pull again to go on.", err=True)
        raise
    typer.echo("All of it is here.")


def tell(errands: Sequence[Errand]) -> None:
    """Licence and size of each, before anything is fetched."""
    from livegraph.models.place import models_dir, readable

    for errand in errands:
        spec = errand.spec
        typer.echo(f"{spec.name}  {readable(errand.remaining)}  {spec.summary}")
        typer.echo(f"    {spec.licence.line}")
        if not spec.tried:
            typer.echo("    not tried: livegraph's authors have not loaded these files")
    total = sum(errand.remaining for errand in errands)
    typer.echo(f"{readable(total)} in all, to {models_dir()}")


def agree(question: str, yes: bool) -> None:
    """Go on only where the user says so: `--yes`, or yes at a terminal. Ends with 2 where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: say --yes", param_hint="--yes")
    typer.confirm(question, abort=True)


@contextmanager
def reporter(elsewhere: Callable[[], Reporter]) -> Iterator[Reporter]:
    """A bar on a terminal, `elsewhere` where there is none."""
    if not sys.stdout.isatty():
        yield elsewhere()
        return
    with _progress() as progress:
        yield Bars(progress)


def _progress() -> Progress:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(compact=True), speed_estimate_period=10)


class Bars(Reporter):
    """A bar per file, with its rate and the time that is left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, text: str) -> None:
        self._progress.print(text, markup=False)

    def begin(self, model: str, look: FileLook) -> None:
        self._size = look.file.size
        self._task = self._progress.add_task(f"{model}  {look.file.path}", total=self._size)

    def told(self, have: int) -> None:
        self._progress.update(self._task, completed=have, total=max(self._size, have))

    def end(self) -> None:
        self._progress.stop_task(self._task)


class Lines(Reporter):
    """A line when a file begins, now and then, and when it is here."""

    def say(self, text: str) -> None:
        typer.echo(text)

    def begin(self, model: str, look: FileLook) -> None:
        self._name, self._size, self._have = f"{model}  {look.file.path}", look.file.size, 0
        self._began = self._said = time.monotonic()
        typer.echo(self._name)

    def told(self, have: int) -> None:
        from livegraph.models.place import readable

        self._have, now = have, time.monotonic()
        if now - self._said >= LINE_EVERY_S:
            self._said = now
            typer.echo(f"{self._name}  {readable(have)} of {readable(self._size)}")

    def end(self) -> None:
        from livegraph.models.place import readable

        typer.echo(f"{self._name}  {readable(self._have)} in {time.monotonic() - self._began:.0f} s")
