"""Sums of files on disk against those that are published, or that were recorded when the files came."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from livegraph.models.library import FileLook, look_at
from livegraph.models.place import model_dir
from livegraph.models.record import Entry, read_record, write_entry
from livegraph.models.report import Reporter
from livegraph.models.spec import ModelSpec

CHUNK = 1 << 20

Verdict = Literal["ok", "recorded", "changed", "wrong size", "partial", "missing"]
GOOD: tuple[Verdict, ...] = ("ok", "recorded")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file after its check. `recorded`: no sum was known, so the one it has now is what it will be held against."""

    model: str
    path: str
    verdict: Verdict
    sha256: str = ""
    expected: str = ""

    @property
    def good(self) -> bool:
        return self.verdict in GOOD


def verify(spec: ModelSpec, reporter: Reporter) -> Iterator[Checked]:
    """Read every file of a model; `reporter` hears how far it has come."""
    folder = model_dir(spec.name)
    for look in look_at(spec):
        yield _check(spec, folder, look, reporter)


def _check(spec: ModelSpec, folder: Path, look: FileLook, reporter: Reporter) -> Checked:
    file = look.file
    if look.state != "here":
        return Checked(spec.name, file.path, look.state)
    known = read_record(folder).get(file.path)
    expected = file.sha256 or (known.sha256 if known else "")
    reporter.begin(spec.name, look)
    found = sha256_of(look.path, reporter.told)
    reporter.end()
    if not expected:
        write_entry(folder, file.path, Entry(look.have, found))
        return Checked(spec.name, file.path, "recorded", found)
    return Checked(spec.name, file.path, "ok" if found == expected else "changed", found, expected)


def sha256_of(path: Path, told: Callable[[int], None]) -> str:
    """The sum of a file, read in pieces."""
    running, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            running.update(chunk)
            done += len(chunk)
            told(done)
    return running.hexdigest()
