"""How an error looks at the command line, and the exit code that it ends with."""

from __future__ import annotations

import traceback

import typer

DONE, FAILED, USAGE = 0, 1, 2


def tell_error(error: BaseException) -> None:
    """An expected error: its own words, one line each on stderr."""
    for line in str(error).splitlines() or [type(error).__name__]:
        typer.echo(line, err=True)


def tell_bug(error: BaseException, *, verbose: bool) -> None:
    """An error that nobody meant to raise: one line, and with `verbose` where it comes from."""
    if verbose:
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    said = " ".join(str(error).split())
    typer.echo(f"livegraph: {type(error).__name__}: {said}", err=True)
    more = "" if verbose else "; `--verbose` shows the traceback"
    typer.echo(f"This is a bug in livegraph{more}.", err=True)
