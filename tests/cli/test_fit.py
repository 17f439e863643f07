"""What `livegraph check` says of memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from livegraph import MemoryNeed, Node, NodeSpec, Param, Room, Saving, Size, Video, hookimpl
from livegraph.cli import fit
from livegraph.declare import In, Out
from livegraph.registry import registry
from livegraph.testing import temporary_plugin


class Upscale(Node):
    """Holds a number per pixel."""

    video: In[Video]
    out: Out[Video]
    half: bool = Param(False, doc="numbers of 16 bits")
    broken: bool = Param(False, doc="fails")

    @classmethod
    def memory_for(cls, params: Any, size: Size | None) -> Sequence[MemoryNeed]:
        if params.broken:
            raise RuntimeError("no formula")
        width, height = size or (0, 0)
        gpu = MemoryNeed(
            "gpu", {"weights": 4_000_000_000, "work": width * height}, "at work", (Saving("half: true", 2_000_000_000),)
        )
        return gpu, MemoryNeed("ram", {"text encoder": 1000})


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("big.upscale", Upscale)]


@pytest.fixture
def big(graph: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A graph with a node of 4 GB in it, and a machine with as much memory as is said."""
    graph.write_text(
        graph.read_text().replace(
            "  end: {use: test.collect, in: slow}",
            "  up: {use: big.upscale, in: slow}\n  end: {use: test.collect, in: up}",
        )
    )
    there: dict[str, Room | None] = {"ram": Room(2000, 4000), "gpu": None}
    monkeypatch.setattr(fit, "room_of", there.get)
    with temporary_plugin(registry(), Plugin(), "big"):
        yield there


def test_what_nodes_hold_is_shown_with_what_there_is(command: Any, graph: Path, big: Any) -> None:
    out = command("check", graph).out
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert "up gpu weights 4 GB, work 0 bytes (at work) 4 GB" in rows
    assert "up ram text encoder 1 kB 1 kB" in rows
    assert "ram there is 4 kB" in rows
    assert "ram of it free 2 kB" in rows
    assert "warning" not in out


def test_too_much_is_a_warning_with_ways_out_and_no_error(command: Any, graph: Path, big: Any) -> None:
    big["gpu"] = Room(3_000_000_000, 8_000_000_000)
    ended = command("check", graph)
    assert ended.code == 0
    assert "warning: up: 4 GB of GPU memory needed, 3 GB of 8 GB are free; `up: {half: true}` saves 2 GB" in ended.out


def test_two_nodes_that_fit_one_by_one_do_not_fit_together(command: Any, graph: Path, big: Any) -> None:
    big["gpu"] = Room(7_000_000_000, 8_000_000_000)
    assert "warning" not in command("check", graph).out
    graph.write_text(
        graph.read_text().replace("in: slow}\n  end", "in: slow}\n  too: {use: big.upscale, in: up}\n  end")
    )
    graph.write_text(graph.read_text().replace("collect, in: up}", "collect, in: too}"))
    assert "warning: up, too: 8 GB of GPU memory needed" in command("check", graph).out


def test_as_json_in_bytes(command: Any, graph: Path, big: Any) -> None:
    memory = json.loads(command("check", graph, "--json").out)["memory"]
    assert memory["room"] == {"ram": {"free": 2000, "total": 4000}}
    gpu = memory["nodes"][0]
    assert (gpu["node"], gpu["place"], gpu["total"], gpu["when"]) == ("up", "gpu", 4_000_000_000, "at work")
    assert gpu["parts"] == {"weights": 4_000_000_000, "work": 0}
    assert gpu["savings"] == [{"change": "half: true", "saves": 2_000_000_000}]
    assert memory["warnings"] == []


def test_a_plugin_that_fails_there_is_a_problem_of_the_graph(command: Any, graph: Path, big: Any) -> None:
    ended = command("check", graph, "--set", "up.broken=true")
    assert ended.code == 2
    assert "big.upscale failed in memory_for: RuntimeError: no formula" in ended.err


def test_nobody_is_asked_where_nothing_is_held(command: Any, graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "room_of", lambda place: pytest.fail("asked"))
    assert "memory" not in command("check", graph).out
