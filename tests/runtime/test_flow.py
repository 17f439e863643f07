"""Frames on their way: lookahead, chunks, credits and stalls where something on the way has changed or ended."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from runtime_support import graph, play, plugin

from livegraph import Cadence, EndOfStream, Frame, Function, In, Node, Out, Param, Sink
from livegraph.testing import run_graph
from livegraph.types import AnyPort, Signal


class PictureAhead(Node):
    """A lookahead of pictures, whose `flush` gives the last one as `process` would."""

    video: In[AnyPort]
    out: Out[AnyPort]
    cadence = Cadence(1, 1, 1)

    async def setup(self) -> None:
        self._past: Any = None

    async def process(self, video: Frame) -> Any:
        past, self._past = self._past, np.full((4, 4), video.data)
        return past

    def flush(self) -> Any:
        return self._past


def test_flush_may_give_one_picture_as_process_would() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"live": False, "frames": 5}},
        "n": {"use": "test.ahead", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    result = run_graph(graph(nodes), plugins=[plugin(ahead=PictureAhead)], mode="offline", virtual=1)
    assert [data.shape for data in result.payloads("out")] == [(4, 4)] * 5


class ChunkAhead(Node):
    """Takes four, and answers two frames late."""

    video: In[AnyPort]
    out: Out[AnyPort]
    cadence = Cadence(4, 4, 2)

    async def setup(self) -> None:
        self._held: list[Any] = []

    async def process(self, video: list[Frame]) -> list[Any]:
        self._held += [frame.data for frame in video]
        ready, self._held = self._held[:-2], self._held[-2:]
        return ready

    def flush(self) -> list[Any]:
        return self._held


@pytest.mark.parametrize("frames", [4, 5, 6, 7, 8])
def test_a_chunk_node_with_lookahead_gives_every_frame_its_own_moment(frames: int) -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"live": False, "frames": frames}},
        "n": {"use": "test.ahead", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    result = run_graph(graph(nodes), plugins=[plugin(ahead=ChunkAhead)], mode="offline", virtual=1)
    assert [(frame.seq, frame.data) for frame in result.frames("out")] == [(n, n) for n in range(frames)]


def test_an_edge_that_an_ended_node_left_full_does_not_hide_the_stall() -> None:
    source = {"live": False, "frames": 64}
    nodes = {
        "aux": {"use": "test.source", "params": {**source, "frames": 10}},
        "look": {"use": "test.slow", "in": "aux", "params": {"delay": 3, "service_ms": 0}},
        "src": {"use": "test.source", "params": source},
        "chunk": {"use": "test.slow", "in": "src", "params": {"take": 32, "service_ms": 0}},
        "meet": {"use": "test.pair", "in": {"video": "chunk", "other": "src"}},
        "hold": {
            "use": "test.pair",
            "in": {"video": "meet", "other": {"from": "look", "join": "exact", "optional": True}},
        },
        "out": {"use": "test.collect", "in": "hold"},
    }
    result = run_graph(graph(nodes), mode="offline", virtual=1)
    assert result.outcome.ok, result.outcome.error
    assert len(result.frames("out")) == 64


class Level(Function):
    out: Out[Signal]
    level: float = Param(0.0, live=True, doc="the value")

    def at(self, pts_ns: int) -> float:
        return float(self.params.level)


class Marked(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    mark: float = Param(0.0, live=True, doc="a mark")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else ()
        return (*marks, self.params.mark)


def test_a_signal_changes_on_the_same_frame_for_all_who_read_it() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "level": {"use": "test.level"},
        "a": {"use": "test.marked", "in": "src", "params": {"mark": {"from": "level"}}},
        "slow": {"use": "test.slow", "in": "a", "params": {"service_ms": 100}},
        "slower": {"use": "test.slow", "in": "slow", "params": {"service_ms": 100}},
        "b": {"use": "test.marked", "in": "slower", "params": {"mark": {"from": "level"}}},
        "out": {"use": "test.collect", "in": "b"},
    }
    changes = {1.0 + 0.13 * n: lambda run, n=n: run.bus.set({"level.level": float(n)}) for n in range(1, 20)}
    _, outcome, scripted = play(graph(nodes), 5.0, changes, plugin(level=Level, marked=Marked))
    assert outcome.ok
    marks = [frame.data for frame, _ in scripted.kept["out"]]
    assert len({mark[0] for mark in marks}) > 5
    assert all(mark[0] == mark[1] for mark in marks)


class Enough(Sink):
    """Ends after ten frames, each of which took long."""

    video: In[AnyPort]

    async def process(self, video: Frame) -> Any:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 400_000_000)
        return EndOfStream() if video.seq >= 10 else None


def test_a_branch_that_has_ended_has_no_say_in_the_credits() -> None:
    nodes: dict[str, Any] = {"src": {"use": "test.source"}}
    last = "src"
    for name in "abc":
        nodes[name] = {"use": "test.slow", "in": last, "params": {"service_ms": 60}}
        last = name
    nodes["enough"] = {"use": "test.enough", "in": "src"}
    nodes["out"] = {"use": "test.collect", "in": "c"}
    result = run_graph(graph(nodes), plugins=[plugin(enough=Enough)], duration_s=30, virtual=1)
    late = [when for when in result.presented_ns("out") if when > 20e9]
    assert len(late) >= 0.9 * 10 * 1000 / 60


@pytest.mark.parametrize("how", ["jump", "fail"])
def test_chunks_are_of_consecutive_frames_after_a_hiccup_too(how: str) -> None:
    params: dict[str, Any] = {"take": 4, "service_ms": 250}
    source: dict[str, Any] = {"fps": 24.0}
    if how == "jump":
        source["restart_pts"] = 51
    else:
        params |= {"fail": 0.06}
    nodes = {
        "src": {"use": "test.source", "params": source},
        "wan": {"use": "test.slow", "in": "src", "params": params},
        "out": {"use": "test.collect", "in": "wan"},
    }
    result = run_graph(graph(nodes), duration_s=55, virtual=2)
    numbers = result.payloads("out")
    chunks = [numbers[i : i + 4] for i in range(0, len(numbers) - 3, 4)]
    consecutive = [chunk for chunk in chunks if chunk == list(range(chunk[0], chunk[0] + 4))]
    print(len(chunks), len(consecutive), result.stats["nodes"]["wan"])
    assert len(consecutive) >= 0.9 * len(chunks)


def test_a_long_echo_comes_back_too() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 60.0}},
        "mix": {"use": "test.pair", "in": {"video": "src", "other": {"from": "echo", "optional": True}}},
        "after": {"use": "test.slow", "in": "mix", "params": {"service_ms": 1}},
        "echo": {"use": "core.delay", "in": "after", "params": {"frames": 600}},
        "out": {"use": "test.collect", "in": "after"},
    }
    result = run_graph(graph(nodes), duration_s=12, virtual=1)
    assert sum(other is not None for _, other in result.payloads("out")) >= 100


class Built(Node):
    """Remembers what it was built with, and what it was torn down with."""

    video: In[AnyPort]
    out: Out[AnyPort]
    size: int = Param(0, doc="needs a rebuild")
    seen: ClassVar[list[tuple[str, int]]]

    async def setup(self) -> None:
        type(self).seen.append(("up", self.params.size))

    async def process(self, video: Frame) -> Frame:
        return video

    async def teardown(self) -> None:
        type(self).seen.append(("down", self.params.size))


def test_a_rebuild_takes_the_newest_parameters_once_and_counts_what_it_missed() -> None:
    Built.seen = []
    nodes: dict[str, Any] = {"src": {"use": "test.source"}}
    last = "src"
    for name in "abc":
        nodes[name] = {"use": "test.slow", "in": last, "params": {"service_ms": 100}}
        last = name
    nodes["n"] = {"use": "test.built", "in": last}
    nodes["out"] = {"use": "test.collect", "in": "n"}
    changes = {2.0 + 0.12 * n: lambda run, n=n: run.bus.set({"n.size": n}) for n in (1, 2, 3)}
    _, outcome, _ = play(graph(nodes), 5.0, changes, plugin(built=Built))
    assert Built.seen == [("up", 0), ("down", 0), ("up", 3), ("down", 3)]
    node = outcome.stats["nodes"]["n"]
    assert node["frames_in"] == node["frames_out"] + node["gaps"]
