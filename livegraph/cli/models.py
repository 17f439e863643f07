"""`livegraph models`: what there is to fetch, what lies here, and whether it is whole."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livegraph.cli.errors import FAILED
from livegraph.cli.output import Json, write_json, write_table
from livegraph.cli.pull import Yes, agree, pull, reporter
from livegraph.models.report import Reporter

if TYPE_CHECKING:
    from livegraph.hookspecs import CheckpointSpec
    from livegraph.models import ModelSpec

app = typer.Typer(help="Fetch, check and convert models.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model of `livegraph models list`.")]

UNTRIED = "not tried"


@app.callback()
def models() -> None:
    """Fetch, check and convert models.

    \b
    livegraph models list
    livegraph models pull self-forcing-1.3b

    They lie in the user's data folder, or where LIVEGRAPH_MODELS_DIR says.
    """


@app.command("list")
def list_models(json: Json = False) -> None:
    """List the models that plugins know, and which are here."""
    from livegraph.models.place import models_dir
    from livegraph.registry import registry

    rows = [describe(spec) for spec in registry().models().values()]
    if json:
        write_json(rows)
        return
    if not rows:
        typer.echo("No installed plugin lists a model.")
        return
    columns = ("model", "here", "size", "licence", "", "what it is")
    cells = [_cells(row) for row in rows]
    write_table(columns, cells)
    typer.echo(f"\nThey lie in {models_dir()}")
    if not all(row["tried"] for row in rows):
        typer.echo(f"{UNTRIED}: listed from what its publisher says; livegraph's authors have not loaded these files.")


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a model's licence, its files, and where they come from."""
    row = describe(_spec(name))
    if json:
        write_json(row)
    else:
        _show(row)


app.command("pull")(pull)


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A model; all that lie here unless said.")
    ] = None,
    json: Json = False,
) -> None:
    """Read models again, and compare their checksums.

    Ends with 1 if a file is missing or is not what it was.

    A file whose sum nobody has published must be as it came.
    """
    from livegraph.models.place import model_dir
    from livegraph.models.verify import verify as check
    from livegraph.registry import registry

    specs = [_spec(name)] if name else [s for s in registry().models().values() if model_dir(s.name).is_dir()]
    with nullcontext(Reporter()) if json else reporter(Reporter) as told:
        found = [checked for spec in specs for checked in check(spec, told)]
    if json:
        write_json([asdict(checked) for checked in found])
    elif found:
        write_table(("model", "file", "", "sha256"), [(c.model, c.path, c.verdict, c.sha256) for c in found])
    else:
        typer.echo("No model lies here.")
    if not all(checked.good for checked in found):
        raise typer.Exit(FAILED)


@app.command()
def path(name: Name) -> None:
    """Print the folder of a model that is here."""
    from livegraph.models import require_model

    _spec(name)
    typer.echo(str(require_model(name)))


@app.command()
def remove(name: Name, yes: Yes = False) -> None:
    """Delete a model's folder, and what came of it so far."""
    from livegraph.models.lock import locked
    from livegraph.models.place import model_dir, readable

    folder = model_dir(_spec(name).name)
    if not folder.is_dir():
        typer.echo(f"{name} is not here.")
        return
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    agree(f"Delete {folder} ({readable(size)})?", yes)
    with locked(name, lambda: typer.echo(f"{name}: another process is fetching it; waiting")):
        shutil.rmtree(folder)
    typer.echo(f"{readable(size)} are free again.")


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A checkpoint: a file, an index, or its folder.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The safetensors file to write; it must not exist.")],
    to: Annotated[str, typer.Option(metavar="LAYOUT", help="Whose names its tensors shall have.")] = "original",
    dtype: Annotated[
        str | None, typer.Option(metavar="TYPE", help="As what they are kept; as in IN unless said.")
    ] = None,
    family: Annotated[str | None, typer.Option(metavar="NAME", help="Whose checkpoint, where plugins differ.")] = None,
) -> None:
    """Rewrite a checkpoint with other names or another number type.

    \b
    livegraph models convert model.pt model.safetensors
    livegraph models convert model.pt out.safetensors --to diffusers --dtype bf16
    """
    from livegraph.registry import registry, resolve

    spec = _family(registry().checkpoints(), family)
    if to not in spec.layouts:
        raise typer.BadParameter(f"{to!r} is none of {', '.join(spec.layouts)}", param_hint="--to")
    if dtype is not None and dtype not in spec.dtypes:
        raise typer.BadParameter(f"{dtype!r} is none of {', '.join(spec.dtypes)}", param_hint="--dtype")
    typer.echo(resolve(spec.target)(source, target, to, dtype))


def describe(spec: ModelSpec) -> dict[str, Any]:
    """A model as data: its spec, its addresses, and what of it is here."""
    from livegraph.models.address import url_of
    from livegraph.models.library import look_at
    from livegraph.models.place import model_dir

    looks = look_at(spec)
    return asdict(spec) | {
        "size": spec.size,
        "path": str(model_dir(spec.name)),
        "here": all(look.state == "here" for look in looks),
        "have": sum(look.have for look in looks),
        "files": [asdict(look.file) | {"url": url_of(look.file), "state": look.state} for look in looks],
    }


def _spec(name: str) -> ModelSpec:
    from livegraph.errors import ModelError
    from livegraph.models.library import known_model

    try:
        return known_model(name)
    except ModelError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error


def _family(known: dict[str, CheckpointSpec], asked: str | None) -> CheckpointSpec:
    if asked is None and len(known) == 1:
        return next(iter(known.values()))
    if asked in known:
        return known[asked]
    names = ", ".join(known) or "none: no installed plugin converts checkpoints"
    raise typer.BadParameter(f"one of: {names}", param_hint="--family")


def _here(row: dict[str, Any]) -> str:
    if row["here"]:
        return "yes"
    return f"{100 * row['have'] // row['size']} %" if row["have"] else "no"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from livegraph.models.place import readable

    tried = "" if row["tried"] else UNTRIED
    return row["name"], _here(row), readable(row["size"]), row["licence"]["name"], tried, row["summary"]


def _file_cells(file: dict[str, Any]) -> tuple[str, ...]:
    from livegraph.models.place import readable

    size = ("" if file["exact"] else "about ") + readable(file["size"])
    return file["path"], size, file["state"], file["sha256"] or "not published", file["url"]


def _show(row: dict[str, Any]) -> None:
    from livegraph.models import Licence
    from livegraph.models.place import readable

    tried = "" if row["tried"] else "\nNot tried: livegraph's authors have not loaded these files."
    typer.echo(f"{row['name']}: {row['summary']}{tried}\n")
    facts = {
        "licence": Licence(**row["licence"]).line,
        "home": row["home"],
        "size": readable(row["size"]),
        "needs": ", ".join(row["needs"]) or "nothing else",
        "folder": row["path"],
        "notes": row["notes"],
    }
    write_table(("", ""), [(key, value) for key, value in facts.items() if value])
    typer.echo("")
    cells = [_file_cells(file) for file in row["files"]]
    write_table(("file", "size", "", "sha256", "from"), cells)
