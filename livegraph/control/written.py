"""Writes what was changed while a graph ran back into its file: values and presets, and nothing else in it."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegraph.errors import ParamError
from livegraph.graph.environment import spelled_out

if TYPE_CHECKING:
    from ruamel.yaml import YAML


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What a run has that its file has not. `values`: node -> parameter -> value; `presets` by name."""

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.presets)


def write_back(path: Path, unsaved: Unsaved) -> list[str]:
    """Lay the changes over the file as it is now, comments, order, quotes and every `${NAME}` beside them kept. Returns
    what was written, by name: `wan.prompt`, `preset ink`. Values that a signal gives are left to it. The file is
    replaced at once, or not at all; `ParamError` says why not.
    """
    text = _read(path)
    yaml = _yaml()
    try:
        document = yaml.load(text)
    except Exception as error:  # what ruamel.yaml raises has no common root
        raise ParamError(f"{path.name} cannot be read as it is now: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("nodes"), dict):
        raise ParamError(f"{path.name} is no graph any more: nothing was written")
    written = [*_values(document, unsaved.values), *_presets(document, unsaved.presets)]
    out = io.StringIO()
    yaml.dump(document, out)
    if written:
        _replace(path, out.getvalue())
    return written


def _yaml() -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16  # no line is broken that was not
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _values(document: Any, values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    written = []
    for node, params in values.items():
        entry = document["nodes"].get(node)
        if not isinstance(entry, dict):
            continue  # it was taken out of the file meanwhile
        if not isinstance(entry.get("params"), dict):
            entry["params"] = _flow()
        for param, value in params.items():
            if isinstance(entry["params"].get(param), dict):
                continue
            entry["params"][param] = plain(value)
            written.append(f"{node}.{param}")
    return written


def _presets(document: Any, presets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if presets and not isinstance(document.get("presets"), dict):
        document["presets"] = {}
    for name, values in presets.items():
        preset = _flow()
        preset.update({address: plain(value) for address, value in values.items()})
        document["presets"][name] = preset
    return [f"preset {name}" for name in presets]


def _flow() -> Any:
    """An empty mapping that is written in one line: `{ratio: 0.3}`."""
    from ruamel.yaml.comments import CommentedMap

    made = CommentedMap()
    made.fa.set_flow_style()
    return made


def plain(value: Any) -> Any:
    """A parameter's value in YAML's own types; a text that looks like a number or a variable stays text."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str):
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        return DoubleQuotedScalarString(spelled_out(value))
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParamError(f"{path.name} cannot be read: {error}") from None


def _replace(path: Path, text: str) -> None:
    """By a file beside it that takes its place, with its permissions; a link stays one."""
    path = path.resolve()
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside = Path(file.name)
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        raise ParamError(f"{path.name} cannot be written: {error.strerror or error}") from None
