"""`livegraph midi list` and `livegraph midi learn`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated

import typer

from livegraph import InputError
from livegraph_midi import library
from livegraph_midi.decode import Message
from livegraph_midi.learn import Learner
from livegraph_midi.place import Place
from livegraph_midi.ports import chosen

SHORT_S = 0.01

midi = typer.Typer(no_args_is_help=True, help="MIDI devices, and lines for a graph's map.")


@midi.command("list")
def list_devices() -> None:
    """List the ports that there are."""
    backend = reachable()
    for what, names in (("in", backend.get_input_names()), ("out", backend.get_output_names())):
        for name in names:
            typer.echo(f"{what:<4} {name}")
        if not names:
            typer.echo(f"{what:<4} none")


@midi.command()
def learn(
    device: Annotated[str, typer.Option(help="Part of the port's name.")] = "auto",
    seconds: Annotated[float, typer.Option(min=0, help="Stop after this; 0: at Ctrl-C.")] = 0.0,
) -> None:
    """Move what you want to map; the lines for the graph's file come at the end."""
    backend = reachable()
    names = backend.get_input_names()
    name = chosen(device, names)
    if name is None:
        raise InputError(f"no MIDI device {device!r}; there are: {', '.join(names) or 'none'}")
    port = backend.open_input(name)
    typer.echo(f"{name}: move one thing after the other, each all the way; Ctrl-C ends", err=True)
    try:
        lines = learnt(waited_for(port.poll, seconds), lambda text: typer.echo(text, err=True))
    finally:
        port.close()
    typer.echo("\n".join(lines) if lines else "# nothing was moved")


def reachable() -> library.Backend:
    """InputError says why there is no MIDI here."""
    if (reason := library.no_sequencer()) is not None:
        raise InputError(f"MIDI cannot be used here: {reason}")
    return library.backend()


def waited_for(poll: Callable[[], Message | None], seconds: float) -> Iterator[Message]:
    """What comes, until the time is over; 0: for ever."""
    ends = time.monotonic() + seconds
    while not seconds or time.monotonic() < ends:
        message = poll()
        if message is None:
            time.sleep(SHORT_S)
        else:
            yield message


def learnt(messages: Iterator[Message], show: Callable[[str], None]) -> list[str]:
    """Shows each place when it is first moved, and again when it turns out to be another sort. Ctrl-C ends it."""
    learner = Learner()
    shown: dict[Place, str] = {}
    with suppress(KeyboardInterrupt):
        for message in messages:
            found = learner.hear(message)
            if found is not None and shown.get(found.place) != found.sort:
                shown[found.place] = found.sort
                show(f"{found.place}: {found.sort}")
    return learner.lines()
