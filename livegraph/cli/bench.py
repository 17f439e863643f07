"""`livegraph bench`: measures this machine; its arguments belong to `livegraph.bench`."""

from __future__ import annotations

from typing import Any

import typer

PASS_ON: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True}


def bench(ctx: typer.Context) -> None:
    """Measure this machine; see `livegraph bench --help`."""
    from livegraph.bench import main

    raise typer.Exit(main(ctx.args))
