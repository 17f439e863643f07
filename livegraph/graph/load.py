"""Loading a graph: by path, by the name of a pipeline, or from Python data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from livegraph.graph.check import Asked, make_plan
from livegraph.graph.document import Refused, Value, from_python, parse
from livegraph.graph.knobs import Sets
from livegraph.graph.plan import Plan
from livegraph.graph.preview import with_preview
from livegraph.graph.problems import Place, Problems, refusal
from livegraph.graph.schema import read_graph
from livegraph.registry import Registry, nearest
from livegraph.types import Mode
from livegraph.wording import there_are

MAX_BYTES = 1 << 20


def load_plan(
    source: str | Path,
    *,
    registry: Registry,
    mode: Mode | None = None,
    sets: Sets = (),
    preset: str | None = None,
    env: Mapping[str, str] | None = None,
    availability: bool = True,
    preview: bool = False,
    controllers: Sequence[str] = (),
) -> Plan:
    """The checked plan of a graph file, or of a pipeline that a plugin ships.

    `mode`, `sets` (`node.param=value`, `control=value`) and `preset` go over what the file says; `env` stands in for
    the process environment; without `availability` no node is asked whether it can run on this machine; with `preview`
    its picture is on the run's page, whatever the file says; `controllers` are there beside the file's own. Raises
    `GraphError` with every problem found.
    """
    path = find_graph(source, registry)
    name, problems = str(source), Problems()
    asked = Asked(mode, sets, preset, availability, controllers)
    text = read_text(path, name)
    try:
        document = parse(text, os.environ if env is None else env, problems)
    except Refused as refused:
        raise refusal(name, str(refused), refused.place, refused.hint) from None
    return _plan(
        document, registry, asked, problems, file=name, path=str(path), default_name=path.stem, preview=preview
    )


def plan_graph(
    document: Mapping[str, Any],
    *,
    registry: Registry,
    mode: Mode | None = None,
    sets: Sets = (),
    preset: str | None = None,
    env: Mapping[str, str] | None = None,
    availability: bool = True,
    name: str = "graph",
) -> Plan:
    """The same from Python data (embedding, tests); `name` stands for the file in errors."""
    problems = Problems()
    try:
        tree = from_python(document, os.environ if env is None else env, problems)
    except Refused as refused:
        raise refusal(name, str(refused)) from None
    asked = Asked(mode, sets, preset, availability)
    return _plan(tree, registry, asked, problems, file=name, path="", default_name=name)


def _plan(
    document: Value,
    registry: Registry,
    asked: Asked,
    problems: Problems,
    *,
    file: str,
    path: str,
    default_name: str,
    preview: bool = False,
) -> Plan:
    graph = read_graph(document, problems)
    plan = None
    if graph is not None:
        named = graph if graph.name else replace(graph, name=default_name)
        plan = make_plan(with_preview(named, registry) if preview else named, registry, asked, problems, path)
    problems.raise_if_any(file)
    assert plan is not None
    return plan


def find_graph(source: str | Path, registry: Registry) -> Path:
    """The file that `source` means: a path, or else the name of a pipeline."""
    path = Path(source)
    pipelines = registry.pipelines()
    if str(source) in pipelines and not _is(path, Path.is_file):
        return Path(pipelines[str(source)].path)
    looks_like_a_path = isinstance(source, Path) or path.suffix in (".yaml", ".yml") or len(path.parts) != 1
    if looks_like_a_path or _is(path, Path.exists):
        return path
    near = nearest(str(source), pipelines)
    there = there_are(pipelines, none="") or None
    hint = f"Did you mean {near}?" if near else there
    raise refusal(str(source), "there is no such file, and no such pipeline", hint=hint)


def _is(path: Path, question: Callable[[Path], bool]) -> bool:
    """The answer; no for a name that the file system does not even take."""
    try:
        return question(path)
    except OSError:
        return False


def read_text(path: Path, name: str) -> str:
    """The text of a graph file; `GraphError` says why there is none."""
    try:
        if path.is_dir():
            raise refusal(name, "this is a folder; a graph is a YAML file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise refusal(name, "there is no such file", hint=_beside(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(name, f"the file cannot be read: {reason}") from None
    if len(raw) > MAX_BYTES:
        raise refusal(name, f"the file is larger than {MAX_BYTES >> 20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refusal(name, "the file is not UTF-8 text", Place(line)) from None


def _beside(path: Path) -> str | None:
    """The nearest name in the same folder."""
    folder = path.parent
    names = [entry.name for entry in folder.iterdir()] if os.access(folder, os.R_OK) and folder.is_dir() else []
    near = nearest(path.name, names)
    return f"Did you mean {folder / near}?" if near else None
