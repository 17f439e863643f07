"""`livegraph pipelines`: the graphs that plugins ship."""

from __future__ import annotations

from dataclasses import asdict

import typer

from livegraph.cli.output import Json, write_json, write_table


def pipelines(json: Json = False) -> None:
    """List graphs that plugins ship, for `livegraph run NAME`."""
    from livegraph.registry import registry

    found = sorted(registry().pipelines().values(), key=lambda spec: spec.name)
    if json:
        write_json([asdict(spec) for spec in found])
    elif found:
        write_table(("pipeline", "summary", "file"), [(spec.name, spec.summary, spec.path) for spec in found])
    else:
        typer.echo("No installed plugin ships a pipeline.")
