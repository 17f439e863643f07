"""The commands `livegraph wan ...`."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegraph_wan.verify import BackendName, DtypeName

if TYPE_CHECKING:
    from livegraph_wan.verify import Document

wan = typer.Typer(name="wan", help="Models of the WAN family.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Golden files.", show_default=False)]
Backend = Annotated[BackendName, typer.Option(help="What computes.")]
Dtype = Annotated[DtypeName, typer.Option(help="What it computes in.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


@wan.callback()
def _wan() -> None:
    """Keeps `verify` a command of its own while it is the only one."""


@wan.command()
def verify(files: Files, backend: Backend = "torch", dtype: Dtype = "fp32", json: Json = False) -> None:
    """Prove the numerics of this machine against the public model's own results.

    A golden file holds a tiny model's weights, inputs and right results: with every frame kept (causal), and with a
    rolling window. Exits 1 where an error is larger than it may be.
    """
    from livegraph_wan.verify import passes
    from livegraph_wan.verify import verify as run

    try:
        document = run(files, backend, dtype)
    except (ImportError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(json_format.dumps(document, indent=2) if json else "\n".join(_table(document)))
    raise typer.Exit(0 if passes(document) else 1)


def _table(document: Document) -> Iterator[str]:
    from livegraph_wan.verify import TOLERANCES, keeps

    backend, dtype = document["backend"], document["dtype"]
    measure, limit = TOLERANCES[backend, dtype]
    yield f"{backend}, {dtype}: {measure} may be {limit:g}"
    for path, checks in document["files"].items():
        for check, errors in checks.items():
            verdict = "ok" if keeps(errors, backend, dtype) else "MISSED"
            yield f"{check:<8} max_abs {errors['max_abs']:.1e}  rel_l2 {errors['rel_l2']:.1e}  {verdict:<6}  {path}"
