"""What is known of the files in a model's folder: the sizes and sums that they had when they came."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from livegraph.errors import ModelError

NAME = ".livegraph.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was when it came: `url` is where from, empty for one that somebody put there."""

    size: int
    sha256: str
    url: str = ""


def read_record(folder: Path) -> dict[str, Entry]:
    """By path in the folder; empty where nothing was recorded. `ModelError` where it cannot be read."""
    path = folder / NAME
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {name: Entry(**entry) for name, entry in files.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} is damaged ({error}). Delete it: what it held is recorded again") from error


def write_entry(folder: Path, name: str, entry: Entry) -> None:
    """Add or replace one file's entry; the record is whole at every moment."""
    files = read_record(folder) | {name: entry}
    text = json.dumps({"files": {key: asdict(value) for key, value in sorted(files.items())}}, indent=1)
    draft = folder / f"{NAME}.part"
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(folder / NAME)
