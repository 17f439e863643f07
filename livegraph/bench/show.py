"""What a bench shows: how far it is, tables for people, one document for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from livegraph.bench.figure import Figure, Progress
from livegraph.bench.machine import Machine

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Measured = dict[str, list[Figure]]
"""Figures by bench; a bench that could not run has none."""
LINE_EVERY_S = 10.0
"""How often a line tells how far it is, where there is no terminal."""


class Display:
    """What is seen on stderr while benches run: a line per figure as soon as there is one, since the whole takes
    minutes, and below them on a terminal a bar that says what is being done.
    """

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._told = 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task("", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def figure(self, bench: str, figure: Figure) -> None:
        name, value, bar, verdict, _ = next(rows([figure]))
        text = f"{bench}: {name}{under(figure, ' [', ']')}: {value}{f' ({bar}) {verdict}' if bar else ''}"
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def progress(self, bench: str, progress: Progress) -> None:
        if self._bar is not None:
            share = progress.share
            self._bar.update(
                self._bar.task_ids[0],
                description=f"{bench}: {progress.what}",
                completed=share or 0.0,
                total=None if share is None else 1.0,
            )
        elif time.monotonic() - self._told >= LINE_EVERY_S:
            self._told = time.monotonic()
            done = "" if progress.share is None else f" {progress.share:.0%}"
            sys.stderr.write(f"{bench}: {progress.what}{done} ...\n")
            sys.stderr.flush()


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn())
    return Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)


def document(machine: Machine, quick: bool, figures: Measured, refused: Mapping[str, str]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "machine": asdict(machine),
        "quick": quick,
        "benches": {name: [asdict(one) | {"met": one.met} for one in of] for name, of in figures.items()},
        "refused": dict(refused),
    }


def rows(figures: Iterable[Figure]) -> Iterator[tuple[str, str, str, str, str]]:
    """What the table shows: name, value, bar, met or missed, note."""
    for figure in figures:
        unit = f" {figure.unit}" if figure.unit else ""
        bar = verdict = ""
        if figure.bar is not None:
            bar = f"{'<=' if figure.at_most else '>='} {figure.bar:g}{unit}"
            verdict = "met" if figure.met else "MISSED"
        yield figure.name, f"{number(figure.value)}{unit}", bar, verdict, figure.note


def number(value: float) -> str:
    """Four digits, as people write them: 1,234,567 rather than 1.235e+06."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def under(figure: Figure, before: str = "", after: str = "") -> str:
    """What a figure was measured under, in a line; nothing where nothing is said."""
    said = figure.setting.items()
    line = " ".join(value if isinstance(value, str) else f"{name} {value}" for name, value in said)
    return f"{before}{line}{after}" if line else ""


def parts(figures: Iterable[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    """Figures that follow each other and belong together: a table each."""
    for part, of in groupby(figures, key=lambda figure: figure.part):
        yield part, list(of)


def write_tables(machine: Machine, quick: bool, figures: Measured, refused: Mapping[str, str]) -> None:
    """To stdout, for people."""
    import typer

    typer.echo(f"{machine}{'; quick: rough figures' if quick else ''}")
    for name, measured in figures.items():
        for part, of in parts(measured):
            typer.echo("")
            _write_table(f"{name}: {part}" if part else name, of)
        if name in refused:
            typer.echo(f"\n{name} could not {'go on' if measured else 'run'}: {refused[name]}")
    missed = sum(not figure.met for measured in figures.values() for figure in measured)
    typer.echo(f"\n{'every bar is met' if not missed and not refused else f'{missed} missed'}")


def _write_table(title: str, figures: list[Figure]) -> None:
    """With columns only for what some figure has."""
    from livegraph.cli.output import write_table

    cells = [(name, under(f), *rest) for f, (name, *rest) in zip(figures, rows(figures), strict=True)]
    heads = (title, "under", "measured", "bar", "", "")
    kept = [index for index in range(len(heads)) if index == 0 or any(row[index] for row in cells)]
    write_table([heads[index] for index in kept], [[row[index] for index in kept] for row in cells])
