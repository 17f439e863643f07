"""Which runs of this user can be reached: each leaves its address in a file for as long as it goes on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from platformdirs import user_state_path


@dataclass(frozen=True, slots=True)
class Running:
    """A run that is served."""

    graph: str
    address: str
    pid: int


class Note:
    """This run's file; `close` takes it away. Where none can be written, the run is reached by its address alone."""

    def __init__(self, graph: str, address: str) -> None:
        self._path: Path | None = _folder() / f"{os.getpid()}-{address.rpartition(':')[2]}.json"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.write_text(json.dumps(asdict(Running(graph, address, os.getpid()))))
        except OSError:
            self._path = None

    def close(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def all_running() -> list[Running]:
    """Those that go on; what a killed run left is taken away."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        try:
            run = Running(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if psutil.pid_exists(run.pid):
            found.append(run)
        else:
            path.unlink(missing_ok=True)
    return found


def _folder() -> Path:
    return Path(user_state_path("livegraph", appauthor=False)) / "runs"
