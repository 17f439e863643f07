"""`livegraph backends`: where models can run on this machine, and which place `auto` means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from livegraph.cli.output import Json, write_json, write_table

if TYPE_CHECKING:
    from livegraph.hookspecs import BackendSpec


@dataclass(frozen=True, slots=True)
class Found:
    """A backend after its probe: `reason` says why it can be used, or why it cannot."""

    name: str
    priority: int
    available: bool
    chosen: bool
    reason: str
    summary: str


def backends(json: Json = False) -> None:
    """List where models can run; the best one here is `auto`."""
    from livegraph.registry import registry

    found = look(registry().backends())
    if json:
        write_json([asdict(item) for item in found])
    elif found:
        rows = [(item.name, str(item.priority), _state(item), item.reason) for item in found]
        write_table(("backend", "priority", "state", "why"), rows)
    else:
        typer.echo("No installed plugin brings a backend.")


def look(specs: Sequence[BackendSpec]) -> list[Found]:
    """Probe every backend, best first; a probe that fails in any way is a reason, never an error."""
    found: list[Found] = []
    for spec in specs:
        available, reason = _probe(spec)
        chosen = available and not any(item.chosen for item in found)
        found.append(Found(spec.name, spec.priority, available, chosen, reason, spec.summary))
    return found


def _probe(spec: BackendSpec) -> tuple[bool, str]:
    from livegraph.registry import resolve

    try:
        return True, str(resolve(spec.probe)())
    except RuntimeError as error:
        return False, str(error)
    except Exception as error:
        return False, f"its probe failed: {type(error).__name__}: {error}"


def _state(item: Found) -> str:
    return "auto" if item.chosen else "available" if item.available else "not here"
