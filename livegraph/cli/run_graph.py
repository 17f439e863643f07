"""`livegraph run`: a graph from a file to its end."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegraph.cli.display import display_for
from livegraph.cli.duration import seconds
from livegraph.cli.errors import DONE, FAILED, tell_bug, tell_error
from livegraph.cli.interrupt import ready
from livegraph.cli.logs import log_to_stderr
from livegraph.cli.output import write_file
from livegraph.cli.planning import Controllers, GraphArgument, ModeOption, Preset, Sets, plan_for
from livegraph.errors import LivegraphError
from livegraph.service import DEFAULT_HOST, Serving

if TYPE_CHECKING:
    from livegraph.runtime.run import Outcome

log = logging.getLogger("livegraph.run")


def run(
    graph: GraphArgument,
    sets: Sets = None,
    preset: Preset = None,
    mode: ModeOption = None,
    controller: Controllers = None,
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
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the run on a web page, whatever the graph says.")
    ] = False,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where web pages are served; 0.0.0.0: to all networks.")
    ] = DEFAULT_HOST,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="PORT", help="Of the web pages; left out: one that is free."),
    ] = None,
    tls: Annotated[
        str | None,
        typer.Option(metavar="auto|CERT,KEY", help="Serve over HTTPS, which browsers ask for to give a camera away."),
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Say and log everything in JSON, a line each, on stderr.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more, and show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
) -> None:
    """Run a graph until its sources end or Ctrl-C.

    Ctrl-C once: what is under way is finished, and recordings are closed. Twice: at once.

    \b
    livegraph run graphs/cam2wan.yaml --duration 10s
    livegraph run graphs/cam2wan.yaml --set wan.prompt="ink on paper"
    livegraph run graphs/cam2wan.yaml --controller osc
    livegraph run film.yaml --mode offline --stats figures.json
    livegraph run film.yaml --trace trace.json     (see it in ui.perfetto.dev)
    livegraph run graphs/cam2wan.yaml --serve --host 0.0.0.0 --tls auto
    """
    from livegraph.registry import registry
    from livegraph.runtime.run import Run

    log_to_stderr(verbose=verbose, quiet=quiet, json_lines=log_json)
    plan = plan_for(graph, sets, preset, mode, preview=serve, controllers=controller)
    _refuse_unwritable(stats, trace)
    shown = display_for(plan, quiet=quiet, logged=log_json)
    ready()
    with shown as display:
        serving = Serving(serve, host, port, tls)
        the_run = Run(plan, registry=registry(), trace=trace, cpu=cpu, serving=serving, say=display.say)
        outcome = the_run.execute(duration_s=duration, on_tick=display.tick)
        if the_run.opened:
            display.end(outcome.stats)
        elif outcome.ok:
            display.say(f"{plan.name}: ended before it began")
    if stats is not None:
        write_file(stats, json.dumps(outcome.stats, indent=2) + "\n")
    if not outcome.ok:
        _tell(outcome, verbose=verbose, logged=log_json)
    raise typer.Exit(DONE if outcome.ok else FAILED)


def _tell(outcome: Outcome, *, verbose: bool, logged: bool) -> None:
    if outcome.error is None:
        typer.echo("The run failed.", err=True)
    elif logged:
        log.error("%s", outcome.error, exc_info=outcome.error if verbose else None)
    elif isinstance(outcome.error, LivegraphError):
        tell_error(outcome.error)
    else:
        tell_bug(outcome.error, verbose=verbose)


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
