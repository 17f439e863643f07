"""Fetching models: what is missing, whether there is room, and then file by file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livegraph.errors import ModelError
from livegraph.models.address import OFFLINE, is_offline, url_of
from livegraph.models.download import Unreachable, download
from livegraph.models.library import FileLook, look_at, with_needs
from livegraph.models.lock import locked
from livegraph.models.place import VARIABLE, model_dir, models_dir, readable
from livegraph.models.record import read_record, write_entry
from livegraph.models.report import Reporter
from livegraph.models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Errand:
    """A model, and those of its files that are not here yet."""

    spec: ModelSpec
    lacking: tuple[FileLook, ...]

    @property
    def remaining(self) -> int:
        """Bytes still to come."""
        return sum(remaining(look) for look in self.lacking)


def plan(names: Iterable[str]) -> list[Errand]:
    """What there is to fetch for these models and all that they need; empty where everything is here."""
    errands = [errand(spec) for spec in with_needs(names)]
    return [found for found in errands if found.lacking]


def errand(spec: ModelSpec) -> Errand:
    """One model's files that are not here."""
    return Errand(spec, tuple(look for look in look_at(spec) if look.state != "here"))


def remaining(look: FileLook) -> int:
    """Bytes that a file still lacks; one of a wrong size is fetched anew."""
    return max(0, look.file.size - (look.have if look.state == "partial" else 0))


def pull(errands: Sequence[Errand], reporter: Reporter) -> None:
    """Fetch them. Raises `ModelError`; what came so far is kept, and the next pull goes on from there."""
    if not errands:
        return
    refuse_offline(errands)
    refuse_without_room(sum(errand.remaining for errand in errands))
    try:
        for found in errands:
            _pull_model(found.spec, reporter)
    except Unreachable as error:
        raise ModelError(f"{error}\n{by_hand([errand(found.spec) for found in errands])}") from error


def refuse_offline(errands: Sequence[Errand]) -> None:
    if is_offline():
        raise ModelError(f"{OFFLINE} is set, so nothing is fetched.\n{by_hand(errands)}")


def refuse_without_room(needed: int) -> None:
    """`ModelError` where the disk of the models' folder has fewer bytes left than are to come."""
    folder = models_dir()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise ModelError(
            f"{readable(needed)} are to come, and {folder} has {readable(free)} left. "
            f"Make room, or set {VARIABLE} to a folder on another disk"
        )


def by_hand(errands: Sequence[Errand]) -> str:
    """Which file goes from which address to which place, for a machine without a network."""
    lines = ["Without a network, fetch these elsewhere and put them here:"]
    for found in errands:
        lines += [f"  {url_of(look.file)}\n    -> {look.path}" for look in found.lacking]
    return "\n".join(lines)


def _pull_model(spec: ModelSpec, reporter: Reporter) -> None:
    folder = model_dir(spec.name)
    with locked(spec.name, lambda: reporter.say(f"{spec.name}: another process is fetching it; waiting")):
        folder.mkdir(parents=True, exist_ok=True)
        for look in errand(spec).lacking:  # looked at again: another process may have done the work
            reporter.begin(spec.name, look)
            _pull_file(folder, look, reporter)
            reporter.end()


def _pull_file(folder: Path, look: FileLook, reporter: Reporter) -> None:
    """A sum that nobody has published is that of the first download, and binds the later ones."""
    file = look.file
    known = read_record(folder).get(file.path)
    expected = file.sha256 or (known.sha256 if known else None)
    entry = download(file, url_of(file), look.path, reporter.told, expected)
    write_entry(folder, file.path, entry)
