"""`livegraph new`: begins something of your own from a template."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from livegraph.hookspecs import API
from livegraph.version import __version__

app = typer.Typer(help="Begin a plugin of your own.", no_args_is_help=True)

LAYOUT = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "plugin.py": "src/$package/plugin.py",
    "nodes.py": "src/$package/nodes.py",
    "init.py": "src/$package/__init__.py",
    "graph.yaml": "graphs/$name.yaml",
    "test_nodes.py": "tests/test_nodes.py",
    "test_graph.py": "tests/test_graph.py",
}
"""Template -> where it goes."""


@app.callback()
def new() -> None:
    """Begin a plugin of your own."""


@app.command()
def plugin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The prefix of its nodes, such as acme.")],
    path: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to; livegraph-NAME unless said.")] = None,
) -> None:
    """Write a plugin package that installs, runs and passes its own tests.

    \b
    livegraph new plugin acme
    pip install -e "livegraph-acme\\[test]"
    livegraph nodes acme.fade
    pytest livegraph-acme
    """
    refuse_bad_name(name)
    folder = path or Path(distribution(name))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} exists, and is not empty")
    for file, text in render(name).items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    typer.echo(f"A plugin stands in {folder}. Install it, and look at what it brings:\n")
    typer.echo(f'  {tool("pip")} install -e "{folder}[test]"')
    typer.echo(f"  {tool('livegraph')} nodes {name}.fade")
    typer.echo(f"  {tool('pytest')} {folder}")


def tool(name: str) -> str:
    """A command of this environment as a person may type it: by name where that finds it, else by its path."""
    ours = Path(sys.executable).parent / name
    found = shutil.which(name)
    return name if found is not None and Path(found).absolute() == ours else str(ours)


def distribution(name: str) -> str:
    """The name that pip knows the plugin by."""
    return "livegraph-" + name.replace("_", "-")


def refuse_bad_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise typer.BadParameter(f"{name!r}: small letters, digits and _, beginning with a letter", param_hint="NAME")
    if name == "core" or name in _installed():
        raise typer.BadParameter(f"there is a plugin {name} already", param_hint="NAME")


def _installed() -> set[str]:
    from livegraph.registry import registry

    return {info.name for info in registry().plugins}


def render(name: str) -> dict[str, str]:
    """The files of a new plugin: path -> text."""
    values = {
        "name": name,
        "distribution": distribution(name),
        "package": f"livegraph_{name}",
        "api": API,
        "livegraph": __version__,
    }
    folder = files("livegraph.cli") / "templates" / "plugin"
    return {
        Template(target).substitute(values): Template(
            (folder / f"{template}.tmpl").read_text(encoding="utf-8")
        ).substitute(values)
        for template, target in LAYOUT.items()
    }
