"""What a run says of itself, read from it at most four times a second, however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from livegraph import LivegraphError
from livegraph_server.machine import Machine, MachineMeter

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

FRESH_S = 0.25
ANSWER_S = 1.0
"""How long a run may take to answer; then what was read last is shown, and that it is silent."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One reading. `health`, `troubles` and `stats` as a `Run` tells them; `controls`: their newest values."""

    health: str
    troubles: Mapping[str, str] = field(default_factory=dict)
    stats: Mapping[str, Any] = field(default_factory=dict)
    controls: Mapping[str, Any] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)


class Reader:
    """Reads a run's figures. On the server's loop, never on the run's. `private`: notes for the terminal alone."""

    def __init__(self, run: Run, private: Collection[str] = ()) -> None:
        self._run, self._private = run, private
        self._meter = MachineMeter()
        self._last = Figures(run.health)
        self._read_at = float("-inf")
        self._asked: Future[Figures] | None = None
        self._turn = asyncio.Lock()

    async def latest(self) -> Figures:
        """The newest reading, at most a quarter of a second old unless the run does not answer."""
        async with self._turn:
            if time.monotonic() - self._read_at >= FRESH_S:
                await self._renew()
        if self._run.health == "ended":
            return replace(self._last, health="ended")
        return self._last

    async def _renew(self) -> None:
        """A question that is not answered stays the only one. (Nor is it cancelled: the run could not answer then.)"""
        if self._asked is None:
            self._asked = self._run.ask(self._look)
        answer = asyncio.wrap_future(self._asked)
        done, _ = await asyncio.wait([answer], timeout=ANSWER_S)
        machine = await asyncio.to_thread(self._meter.read)
        if done:
            self._asked = None
            self._last = self._answer(answer)
        else:
            silent = f"has not answered for {ANSWER_S:g} s or more; what is shown is from before"
            self._last = replace(self._last, health="degraded", troubles={**self._last.troubles, "run": silent})
        self._last = replace(self._last, machine=machine)
        self._read_at = time.monotonic()

    def _answer(self, answer: asyncio.Future[Figures]) -> Figures:
        try:
            return answer.result()
        except LivegraphError:  # it has ended
            return replace(self._last, health=self._run.health)

    def _look(self) -> Figures:
        """On the run's own loop."""
        run = self._run
        values = {name: run.bus.get(name) for name in run.plan.controls if _shown(run, name)}
        stats = run.stats()
        stats["notes"] = [note for note in stats["notes"] if note not in self._private]
        return Figures(run.health, dict(run.troubles), stats, values)


def _shown(run: Run, control: str) -> bool:
    """Whether a control's parameter may be seen from outside the machine (`remote`)."""
    target = run.plan.controls[control]
    found = run.plan.by_id.get(target.node) or next(item for item in run.plan.functions if item.id == target.node)
    extra = type(found.params).model_fields[target.param].json_schema_extra
    return isinstance(extra, dict) and extra.get("remote") is True


__all__ = ["Figures", "Reader"]
