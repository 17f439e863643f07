from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from server_support import UNWATCHED, Play, until

from livegraph import InputError
from livegraph_server import figures
from livegraph_server.figures import Reader


class StubRun:
    """A run that answers when it is told to: what a real one does not do on demand."""

    def __init__(self) -> None:
        self.health = "running"
        self.troubles: dict[str, str] = {}
        self.plan = SimpleNamespace(controls={})
        self.asked: list[Future[Any]] = []
        self.silent = False

    def stats(self) -> dict[str, Any]:
        return {"nodes": {}, "notes": ["private", "said"]}

    def ask(self, function: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        self.asked.append(answer)
        if not self.silent:
            answer.set_result(function())
        return answer


async def test_a_run_is_asked_four_times_a_second_however_many_want_to_know() -> None:
    run: Any = StubRun()
    reader = Reader(run)
    ends = time.monotonic() + 1.0
    while time.monotonic() < ends:
        await asyncio.gather(*(reader.latest() for _ in range(50)))
    assert 3 <= len(run.asked) <= 5


async def test_a_run_that_does_not_answer_is_told_of_and_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "ANSWER_S", 0.05)
    monkeypatch.setattr(figures, "FRESH_S", 0.0)
    run: Any = StubRun()
    reader = Reader(run)
    assert (await reader.latest()).health == "running"
    run.silent = True
    for _ in range(3):
        silent = await reader.latest()
        assert silent.health == "degraded" and "has not answered" in silent.troubles["run"]
        assert silent.stats["notes"]
    assert len(run.asked) == 2
    run.silent = False
    run.asked[-1].set_result(figures.Figures("running"))
    assert (await reader.latest()).health == "running"


async def test_after_its_end_a_run_shows_what_was_read_last() -> None:
    run: Any = StubRun()
    reader = Reader(run)
    before = await reader.latest()
    run.health = "ended"
    assert (await reader.latest()).stats == before.stats and (await reader.latest()).health == "ended"


async def test_a_run_whose_loop_is_closed_has_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FRESH_S", 0.0)
    run: Any = StubRun()
    reader = Reader(run)
    await reader.latest()
    run.silent = True
    gone = asyncio.create_task(reader.latest())
    await asyncio.sleep(0.02)
    run.asked[-1].set_exception(InputError("the run has ended"))
    assert (await gone).stats["notes"]


async def test_what_is_for_the_terminal_is_left_out() -> None:
    run: Any = StubRun()
    assert (await Reader(run, ["private"]).latest()).stats["notes"] == ["said"]


def test_a_real_run_gives_its_figures_and_the_machine_s(play: Play) -> None:
    show = play(UNWATCHED)
    with show.client() as client:
        until(lambda: client.get("/api/v1/graph").json()["stats"]["nodes"]["scene"]["fps"] > 5)
        machine = client.get("/api/v1/graph").json()["machine"]
    assert machine["process_memory"] > 10 << 20 and machine["memory_total"] > machine["memory_used"] > 0
