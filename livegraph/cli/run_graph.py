"""`livegraph run`: a graph from a file to its end."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegraph.cli.display import display_for
from livegraph.cli.duration import seconds
from livegraph.cli.errors import DONE, FAILED, tell_bug, tell_error
from livegraph.cli.interrupt import ready
from livegraph.cli.output import write_file
from livegraph.cli.planning import GraphArgument, ModeOption, Preset, Sets, plan_for
from livegraph.errors import LivegraphError

if TYPE_CHECKING:
    from livegraph.runtime.run import Outcome


def run(
    graph: GraphArgument,
    sets: Sets = None,
    preset: Preset = None,
    mode: ModeOption = None,
    duration: Annotated[
        float | None, typer.Option(parser=seconds, metavar="10s", help="End after this long: 10s, 5m, 1h.")
    ] = None,
    stats: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the run's figures here at its end.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write a trace that opens in Perfetto.")
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="Keep models off the GPU.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more, and show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
) -> None:
    """Run a graph until its sources end or Ctrl-C.

    Ctrl-C once: what is under way is finished, and recordings are closed. Twice: at once.

    \b
    livegraph run graphs/cam2wan.yaml --duration 10s
    livegraph run graphs/cam2wan.yaml --set wan.prompt="ink on paper"
    livegraph run film.yaml --mode offline --stats figures.json
    livegraph run film.yaml --trace trace.json     (see it in ui.perfetto.dev)
    """
    from livegraph.registry import registry
    from livegraph.runtime.run import Run

    _log(verbose=verbose, quiet=quiet)
    plan = plan_for(graph, sets, preset, mode)
    _refuse_unwritable(stats, trace)
    shown = display_for(plan, quiet=quiet)
    ready()
    with shown as display:
        the_run = Run(plan, registry=registry(), trace=trace, cpu=cpu, say=display.say)
        outcome = the_run.execute(duration_s=duration, on_tick=display.tick)
        if the_run.opened:
            display.end(outcome.stats)
        elif outcome.ok:
            display.say(f"{plan.name}: ended before it began")
    if stats is not None:
        write_file(stats, json.dumps(outcome.stats, indent=2) + "\n")
    raise typer.Exit(_exit_code(outcome, verbose=verbose))


def _exit_code(outcome: Outcome, *, verbose: bool) -> int:
    if outcome.ok:
        return DONE
    if outcome.error is None:
        typer.echo("The run failed.", err=True)
    elif isinstance(outcome.error, LivegraphError):
        tell_error(outcome.error)
    else:
        tell_bug(outcome.error, verbose=verbose)
    return FAILED


def _refuse_unwritable(*files: Path | None) -> None:
    """Before the run rather than after it. What is there already is left as it is."""
    for file in files:
        if file is None:
            continue
        if not file.absolute().parent.is_dir():
            raise typer.BadParameter(f"{file}: its folder does not exist")
        if file.is_dir():
            raise typer.BadParameter(f"{file} is a folder")
        if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
            raise typer.BadParameter(f"{file}: writing there is not permitted")


class _ToStderr(logging.Handler):
    """Writes to what `sys.stderr` is at the moment, so that a line stands above the live table, not in it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def _log(*, verbose: bool, quiet: bool) -> None:
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", handlers=[_ToStderr()])
    logging.getLogger("livegraph").setLevel(level)
