"""Tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegraph.errors import LivegraphError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

PIPE_WIDTH = 1000
"""Columns where the output is no terminal: nothing is wrapped, so that `grep` finds whole lines."""

SHORT = 32
"""Cells up to here are never wrapped; a column with longer ones is."""


def console() -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, highlight=False, soft_wrap=False)


def write_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def write_file(path: Path, text: str) -> None:
    """A whole file; `LivegraphError` names it where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LivegraphError(f"cannot write {path}: {error.strerror}") from error


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns without lines. `[` has no meaning in a cell."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    cells = list(rows)
    for index, column in enumerate(columns):
        short = all(len(row[index]) <= SHORT for row in cells)
        table.add_column(column, no_wrap=short, overflow="fold")
    for row in cells:
        table.add_row(Text(row[0], style="bold"), *(Text(" ".join(cell.split())) for cell in row[1:]))
    out = console()
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def write(text: RenderableType) -> None:
    console().print(text)
