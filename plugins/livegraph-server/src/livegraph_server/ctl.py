"""`livegraph ctl`: see and change the parameters of a graph that runs."""

from __future__ import annotations

import json as documents
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from livegraph_server.conversation import Conversation

app = typer.Typer(no_args_is_help=True)
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="LIVEGRAPH_URL", metavar="ADDRESS", help="Of the run; left out: the one here."),
]
Over = Annotated[float, typer.Option("--over", metavar="SECONDS", help="How long numbers take to get there.")]
Curve = Annotated[str, typer.Option("--curve", metavar="linear|smooth|exponential", help="How they get there.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.callback()
def ctl() -> None:
    """See and change the parameters of a graph that runs.

    The run has to be served: by a node that asks for it, or by `livegraph run --serve`. Where it asks for a token, that
    is taken from LIVEGRAPH_TOKEN.

    \b
    livegraph ctl get
    livegraph ctl set blend.ratio=0.5 prompt="ink on paper"
    livegraph ctl set strength=0.9 --over 4
    livegraph ctl watch
    livegraph ctl preset ink --over 2
    """


@app.command()
def get(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Left out: all.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show what may be changed, and how it is now."""
    with reached(url) as run:
        schema, current = run.ask("config.schema"), run.ask("config.get")
    values, knobs = current["values"], {knob["address"]: knob for knob in schema["knobs"]}
    wanted = addresses or list(knobs)
    for address in wanted:
        if address not in knobs:
            fail(f"there is no {address} to change; there are {', '.join(knobs)}")
    if json:
        typer.echo(documents.dumps({address: values[address] for address in wanted}))
    elif addresses and len(addresses) == 1:
        typer.echo(shown(values[addresses[0]]))
    else:
        table(("address", "value", "may be", ""), [row(knobs[address], values[address]) for address in wanted])


@app.command("set")
def set_(
    settings: Annotated[list[str], typer.Argument(metavar="ADDRESS=VALUE...")],
    url: Url = None,
    over: Over = 0.0,
    curve: Curve = "linear",
) -> None:
    """Change parameters: all of them, on one frame, or none."""
    values = dict(setting(text) for text in settings)
    with reached(url) as run:
        applied = run.ask("config.update", values=values, over=over, curve=curve)
    for address in values:
        typer.echo(f"{address} = {shown(applied['values'][address])}")


@app.command()
def watch(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[NODE.PARAM]...", help="Left out: all.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show every change as it happens, until Ctrl-C."""
    with reached(url) as run:
        for message in run.messages("config.changed"):
            for address, value in message["values"].items():
                if addresses and address not in addresses:
                    continue
                line = {"address": address, "value": value, "revision": message["revision"]}
                typer.echo(documents.dumps(line) if json else f"{address} = {shown(value)}")


@app.command()
def preset(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Left out: list them.")] = None,
    url: Url = None,
    over: Over = 0.0,
    curve: Curve = "linear",
) -> None:
    """Apply a preset, or list them."""
    with reached(url) as run:
        if name is None:
            presets: Mapping[str, Mapping[str, Any]] = run.ask("preset.list")["presets"]
            table(("preset", "sets"), [(each, said(values)) for each, values in presets.items()])
        else:
            run.ask("preset.apply", name=name, over=over, curve=curve)


@app.command()
def keep(name: Annotated[str, typer.Argument(metavar="NAME")], url: Url = None) -> None:
    """Make a preset of how things are."""
    with reached(url) as run:
        typer.echo(f"{name}: {said(run.ask('preset.keep', name=name)['values'])}")


@app.command()
def fade(
    first: Annotated[str, typer.Argument(metavar="PRESET")],
    second: Annotated[str, typer.Argument(metavar="PRESET")],
    share: Annotated[float, typer.Argument(metavar="0..1", min=0.0, max=1.0)],
    url: Url = None,
) -> None:
    """Go between two presets: at 0 the first, at 1 the second."""
    with reached(url) as run:
        run.ask("preset.fade", first=first, second=second, share=share)


@app.command()
def undo(url: Url = None) -> None:
    """Take the last change back, whoever made it."""
    with reached(url) as run:
        run.ask("config.undo")


@app.command()
def reset(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Left out: all.")] = None,
    url: Url = None,
) -> None:
    """Go back to how the run began."""
    with reached(url) as run:
        run.ask("config.reset", addresses=addresses or [])


@app.command()
def save(url: Url = None) -> None:
    """Write what was changed into the graph's file."""
    with reached(url) as run:
        written = run.ask("config.save")["written"]
    typer.echo(f"written: {', '.join(written)}" if written else "nothing was changed")


@contextmanager
def reached(url: str | None) -> Iterator[Conversation]:
    """The run that is meant. What it refuses, and that it cannot be reached, ends the command."""
    from livegraph_server.conversation import Conversation, Refused

    try:
        with Conversation(url or only_one(), os.environ.get("LIVEGRAPH_TOKEN", "")) as run:
            yield run
    except Refused as refused:
        fail(str(refused))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def only_one() -> str:
    from livegraph_server.running import all_running

    runs = all_running()
    if not runs:
        fail("no run of yours is served here. Start one: livegraph run GRAPH --serve; or name it: --url ADDRESS")
    if len(runs) > 1:
        there = "\n".join(f"  --url {run.address}   {run.graph}" for run in runs)
        fail(f"several runs are served here; say which:\n{there}")
    return runs[0].address


def setting(text: str) -> tuple[str, Any]:
    """`address=value`; the value is JSON where it reads as such, else text."""
    address, equals, value = text.partition("=")
    if not equals or not address:
        raise typer.BadParameter(f"{text}: write ADDRESS=VALUE")
    try:
        return address, documents.loads(value, parse_constant=_as_text)
    except ValueError:
        return address, value


def _as_text(constant: str) -> Any:
    raise ValueError(constant)


def row(knob: Mapping[str, Any], value: Any) -> tuple[str, str, str, str]:
    choices = knob.get("choices")
    low, high = knob.get("min"), knob.get("max")
    allowed = " | ".join(map(str, choices)) if choices else knob["kind"]
    if low is not None or high is not None:
        allowed = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
    unit = f" {knob['unit']}" if "unit" in knob else ""
    return knob["address"], shown(value), allowed + unit, knob.get("target") or knob.get("doc", "")


def shown(value: Any) -> str:
    return value if isinstance(value, str) else documents.dumps(value)


def said(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{address} = {shown(value)}" for address, value in values.items())


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    made = Table(*head, box=None, pad_edge=False, header_style="bold")
    for cells in rows:
        made.add_row(*cells)
    Console(highlight=False, soft_wrap=False).print(made, markup=False)


def fail(text: str) -> Any:
    typer.echo(text, err=True)
    raise typer.Exit(1)
