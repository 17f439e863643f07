"""How an error looks at the command line, and the exit code that it ends with."""

from __future__ import annotations

import sys
import traceback

import typer

from livegraph.cli.output import write_json

DONE, FAILED, USAGE = 0, 1, 2


def wants_json() -> bool:
    """Whether the output is for a program: then an error is a document too, on stdout, as `check --json` has it."""
    return "--json" in sys.argv[1:]


def tell_error(error: BaseException) -> None:
    """An expected error: its own words, one line each on stderr. One of the system may be about stdout itself."""
    lines = str(error).splitlines() or [type(error).__name__]
    if wants_json() and not isinstance(error, OSError):
        write_json({"ok": False, "error": "\n".join(lines)})
        return
    for line in lines:
        typer.echo(line, err=True)


def tell_bug(error: BaseException, *, verbose: bool) -> None:
    """An error that nobody meant to raise: one line, and with `verbose` where it comes from."""
    if verbose:
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    said = f"livegraph: {type(error).__name__}: {' '.join(str(error).split())}"
    advice = "This is a bug in livegraph" + ("." if verbose else "; `--verbose` shows the traceback.")
    if wants_json():
        write_json({"ok": False, "error": said, "advice": advice})
        return
    typer.echo(said, err=True)
    typer.echo(advice, err=True)
