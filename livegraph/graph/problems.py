"""Where something stands in a graph file, and the list of what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

from livegraph.errors import GraphError, Problem
from livegraph.graph.redaction import Redactor


class Place(NamedTuple):
    """A position, counted from 1; `label` names what stands outside the file (`--set wan.seed=3`)."""

    line: int | None = None
    column: int | None = None
    label: str = ""


NOWHERE = Place()


class Problems:
    """Collects problems, so that all of them are told at once; `secrets` never appear in one."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.found: dict[Problem, None] = {}
        self._spoiled: set[tuple[int | None, int | None]] = set()

    def __len__(self) -> int:
        return len(self.found)

    def add(
        self, place: Place, message: str, *, node: str | None = None, port: str | None = None, hint: str | None = None
    ) -> None:
        """Note one problem; said twice, it counts once."""
        if place[:2] in self._spoiled:
            return
        redacted = Redactor(self.secrets)
        text = redacted(f"{place.label}: {message}" if place.label else message)
        told = redacted(hint) if hint else None
        if told and text[-1] not in ".?!":
            text += "."
        self.found[Problem(text, place.line, place.column, node, port, told)] = None

    def spoil(self, place: Place) -> None:
        """What stands here is known to be wrong: nothing that follows from it is told."""
        if place.line is not None:
            self._spoiled.add(place[:2])

    def raise_if_any(self, file: str) -> None:
        """Raise `GraphError` with every problem in the order of the file, those outside of it last."""
        if self.found:
            raise GraphError(file, sorted(self.found, key=_position))


def _position(problem: Problem) -> tuple[bool, int, int]:
    return problem.line is None, problem.line or 0, problem.column or 0


def refusal(file: str, message: str, place: Place = NOWHERE, hint: str | None = None) -> GraphError:
    """The error that tells one problem."""
    problems = Problems()
    problems.add(place, message, hint=hint)
    return GraphError(file, list(problems.found))


def did_you_mean(near: str | None, fallback: str | None = None) -> str | None:
    """The hint that offers a name, or else `fallback`."""
    return f"Did you mean {near}?" if near else fallback
