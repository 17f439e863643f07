"""What is here: the look that a node takes before it loads a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from livegraph.errors import ModelError
from livegraph.models.place import model_dir, readable
from livegraph.models.record import Entry, read_record
from livegraph.models.spec import ModelFile, ModelSpec

PART = ".part"
"""Behind the name of a file that is not whole yet."""

FileState = Literal["here", "partial", "missing", "wrong size"]


@dataclass(frozen=True, slots=True)
class FileLook:
    """One file of a model, judged by its size alone; `have` counts the bytes that are here, of a partial one too."""

    file: ModelFile
    path: Path
    state: FileState
    have: int


def find_model(name: str) -> Path | None:
    """The folder of a model whose files are all here, else None.

    Sizes are compared, sums are not: that is for `livegraph models verify`. Raises `ModelError` for a name that no
    plugin brings.
    """
    spec = known_model(name)
    return model_dir(name) if all(look.state == "here" for look in look_at(spec)) else None


def require_model(name: str) -> Path:
    """The folder of a model; where it is not here, a `ModelError` that says how to get it."""
    folder = find_model(name)
    if folder is None:
        lacking = [look for look in look_at(known_model(name)) if look.state != "here"]
        what = ", ".join(f"{look.file.path} ({look.state})" for look in lacking)
        raise ModelError(
            f"model {name} is not here: {what} in {model_dir(name)}. "
            f"Try: livegraph models pull {name}  ({readable(known_model(name).size)})"
        )
    return folder


def known_model(name: str) -> ModelSpec:
    """The spec that a plugin lists; `ModelError` offers the nearest name."""
    from livegraph.registry import nearest, registry

    models = registry().models()
    if name in models:
        return models[name]
    near = nearest(name, models)
    raise ModelError(f"no model {name!r}. " + (f"Did you mean {near}?" if near else "See: livegraph models list"))


def with_needs(names: Iterable[str]) -> list[ModelSpec]:
    """The models and, before each, those that it needs; each once."""
    found: dict[str, ModelSpec] = {}
    asked: set[str] = set()

    def add(name: str) -> None:
        if name in asked:
            return
        asked.add(name)
        spec = known_model(name)
        for needed in spec.needs:
            add(needed)
        found[name] = spec

    for name in names:
        add(name)
    return list(found.values())


def look_at(spec: ModelSpec) -> list[FileLook]:
    """Each of its files, as it lies here."""
    folder = model_dir(spec.name)
    record = read_record(folder)
    return [_look(file, folder / file.path, record.get(file.path)) for file in spec.files]


def _look(file: ModelFile, path: Path, known: Entry | None) -> FileLook:
    if path.is_file():
        size = path.stat().st_size
        return FileLook(file, path, "here" if _fits(file, size, known) else "wrong size", size)
    part = path.with_name(path.name + PART)
    if part.is_file():
        return FileLook(file, path, "partial", part.stat().st_size)
    return FileLook(file, path, "missing", 0)


def _fits(file: ModelFile, size: int, known: Entry | None) -> bool:
    if file.exact:
        return size == file.size
    return size == known.size if known else size > 0
