"""What was changed during a run goes into the graph's file."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from livegraph.control.written import write_back
from livegraph.errors import ParamError

if TYPE_CHECKING:
    from livegraph.runtime.run import Run


def saving(run: Run) -> Future[list[str]]:
    """On a thread of its own, for a disk may take its time: the names of what was written."""
    answer: Future[list[str]] = Future()

    def save() -> None:
        try:
            answer.set_result(_save(run))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=save, name="saving", daemon=True).start()
    return answer


def _save(run: Run) -> list[str]:
    path, pipelines = run.plan.path, run.registry.pipelines().values() if run.registry is not None else ()
    if not path:
        raise ParamError("this graph has no file to be written to")
    if any(Path(spec.path) == Path(path) for spec in pipelines):
        raise ParamError(f"{run.plan.name} is a pipeline that a plugin brings: copy its file, and run the copy")
    unsaved = run.ask(run.bus.unsaved).result()
    written = write_back(Path(path), unsaved)
    run.ask(lambda: run.bus.saved(unsaved)).result()
    return written
