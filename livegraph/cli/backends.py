"""`livegraph backends`: where models can run on this machine, and which place `auto` means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from livegraph.cli.output import Json, write_json, write_table

if TYPE_CHECKING:
    from livegraph.hookspecs import BackendFound, BackendSpec


@dataclass(frozen=True, slots=True)
class Found:
    """A backend after its probe. `reason` says what it found, or why it cannot be used; `choice` why it is `auto` or is
    not. What was not found, or not told, is None.
    """

    name: str
    priority: int
    available: bool
    chosen: bool
    reason: str
    choice: str
    device: str | None
    version: str | None
    memory: int | None
    summary: str


def backends(json: Json = False) -> None:
    """List where models can run; the best one here is `auto`."""
    from livegraph.hookspecs import in_gib
    from livegraph.registry import registry

    found = look(registry().backends())
    if json:
        write_json([asdict(item) for item in found])
    elif found:
        rows = [
            (item.name, _state(item), item.device or "", "" if item.memory is None else in_gib(item.memory), _why(item))
            for item in found
        ]
        write_table(("backend", "state", "device", "memory", "why"), rows)
    else:
        typer.echo("No installed plugin brings a backend.")


def look(specs: Sequence[BackendSpec]) -> list[Found]:
    """Probe every backend, best first; a probe that fails in any way is a reason, never an error."""
    found: list[Found] = []
    for spec in specs:
        answer = _probe(spec)
        best = next((item.name for item in found if item.chosen), None)
        found.append(_found(spec, answer, best))
    return found


def _found(spec: BackendSpec, answer: BackendFound | str | Exception, best: str | None) -> Found:
    from livegraph.hookspecs import BackendFound

    told = answer if isinstance(answer, BackendFound) else None
    available = not isinstance(answer, Exception)
    if not available:
        choice = "it cannot be used"
    elif best:
        choice = f"{best} comes before it"
    else:
        choice = "the first that can be used"
    return Found(
        spec.name,
        spec.priority,
        available,
        available and best is None,
        str(answer),
        choice,
        told.device if told else None,
        told.version if told else None,
        told.memory if told else None,
        spec.summary,
    )


def _probe(spec: BackendSpec) -> BackendFound | str | Exception:
    """What it says, or the error that stands for a no."""
    from livegraph.hookspecs import BackendFound
    from livegraph.registry import resolve

    try:
        answer = resolve(spec.probe)()
    except RuntimeError as error:
        return error
    except Exception as error:
        return RuntimeError(f"its probe failed: {type(error).__name__}: {error}")
    return answer if isinstance(answer, BackendFound) else str(answer)


def _state(item: Found) -> str:
    return "auto" if item.chosen else "available" if item.available else "not here"


def _why(item: Found) -> str:
    """Of a device that has a column of its own, the rest."""
    if not item.available:
        return item.reason
    return f"{item.choice}; {item.version or item.reason}"
