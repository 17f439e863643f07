"""The `livegraph` command: its sub-commands, and how any error ends it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import Annotated

import typer

from livegraph.cli import backends, bench, check, doctor, models, new, nodes, pipelines, plugins, run_graph, schema
from livegraph.cli.errors import DONE, FAILED, USAGE, tell_bug, tell_error
from livegraph.cli.group import Group
from livegraph.cli.interrupt import INTERRUPTED, ready
from livegraph.errors import GraphError, LivegraphError, PluginError
from livegraph.version import __version__

GRACE_S = 0.25
"""How long a node's thread may take to end after its run."""

app = typer.Typer(
    name="livegraph",
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"livegraph {__version__}")
        raise typer.Exit


@app.callback()
def livegraph(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Run graphs of nodes over live video.

    \b
    livegraph run graphs/cam2wan.yaml    run a graph; Ctrl-C ends it
    livegraph run my.yaml --preset ink   begin with one of its presets
    livegraph check my.yaml              what is wrong with it, or what it does
    livegraph nodes                      the nodes that graphs are made of
    livegraph nodes media.camera         one node's ports and parameters
    livegraph models list                models to fetch, and which are here
    livegraph new plugin acme            begin a plugin of your own
    livegraph doctor                     what works on this machine
    """


app.command("run")(run_graph.run)
app.command("check")(check.check)
app.command("nodes")(nodes.nodes)
app.command("plugins")(plugins.plugins)
app.command("backends")(backends.backends)
app.command("pipelines")(pipelines.pipelines)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)
app.command("bench", add_help_option=False, context_settings=bench.PASS_ON)(bench.bench)
app.add_typer(new.app, name="new")


def run() -> None:
    """The entry point. Exit codes: 0 done, 1 failed while running, 2 bad graph or usage, 130 ended before by Ctrl-C."""
    if sys.argv[1:2] != ["run"]:  # which is not ready before its graph is
        ready()
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit as leaving:
        _leave_what_hangs(leaving.code)
        raise


def _leave_what_hangs(code: object) -> None:
    """A node that was abandoned in native code (a model that loads) would abort Python's own way out: go without it."""
    deadline = time.monotonic() + GRACE_S
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("livegraph ")]
    for thread in ours:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in ours):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code if isinstance(code, int) else DONE if code is None else FAILED)


def _run() -> None:
    try:
        app(prog_name="livegraph")
    except (GraphError, PluginError) as error:
        tell_error(error)
        sys.exit(USAGE)
    except (LivegraphError, OSError) as error:
        tell_error(error)
        sys.exit(FAILED)
    except Exception as error:
        tell_bug(error, verbose="--verbose" in sys.argv)
        sys.exit(FAILED)
