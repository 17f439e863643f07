"""`livegraph schema`: the JSON Schema of graph files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from livegraph.cli.output import write_file


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here instead of to stdout.")] = None,
) -> None:
    """Write the JSON Schema of graph files, for editors.

    The parameters of every installed node are in it.

    An editor that speaks YAML completes and checks a graph that begins with this line:

    \b
    # yaml-language-server: $schema=livegraph.schema.json
    """
    from livegraph.graph import json_schema
    from livegraph.registry import registry

    text = json.dumps(json_schema(registry()), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        write_file(output, text + "\n")
