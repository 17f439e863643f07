"""A rebuild parameter is turned: the node is built anew, and what it still held back comes out before."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_support import balanced, graph, play, plugin

from livegraph import Cadence, Frame, In, Node, Out, Param
from livegraph.errors import NodeError, ParamError
from livegraph.runtime.run import Run
from livegraph.types import AnyPort


class Ahead(Node):
    """Answers `delay` frames late, `take` at a time, and marks each with what it was built with."""

    video: In[AnyPort]
    out: Out[AnyPort]
    take: int = Param(1, ge=1, doc="frames per call")
    delay: int = Param(0, ge=0, doc="frames of lookahead")
    size: int = Param(0, doc="needs a rebuild")
    broken_flush: bool = Param(False, doc="whether flush fails")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        return Cadence(params.take, params.take, params.delay)

    async def setup(self) -> None:
        self._held: list[Any] = []

    async def process(self, video: Any) -> Any:
        frames = video if isinstance(video, list) else [video]
        self._held += [(frame.data, self.params.size) for frame in frames]
        ready = max(0, len(self._held) - self.params.delay)
        given, self._held = self._held[:ready], self._held[ready:]
        return given if self.params.take > 1 else given[0] if given else None

    def flush(self) -> list[Any]:
        if self.params.broken_flush:
            raise NodeError("broken flush")
        return self._held


def ahead(frames: int = 0, mode: str = "offline", **params: Any) -> dict[str, Any]:
    source = {"frames": frames, "live": mode == "live"}
    return graph(
        {
            "src": {"use": "test.source", "params": source},
            "slow": {"use": "test.slow", "in": "src", "params": {"service_ms": 10}},
            "n": {"use": "test.ahead", "in": "slow", "params": params},
            "out": {"use": "test.collect", "in": "n"},
        },
        mode=mode,
    )


@pytest.mark.parametrize(("take", "delay"), [(1, 0), (1, 3), (4, 0), (4, 2)])
def test_offline_a_rebuild_loses_nothing(take: int, delay: int) -> None:
    changes = {0.05 + 0.1 * n: lambda run, n=n: run.bus.set({"n.size": n}) for n in (1, 2, 3)}
    run, outcome, scripted = play(ahead(60, take=take, delay=delay), None, changes, plugin(ahead=Ahead))
    shown = [frame for frame, _ in scripted.kept["out"]]
    assert [frame.data[0] for frame in shown] == [frame.seq for frame in shown] == list(range(60))
    assert {frame.data[1] for frame in shown} >= {0, 3}
    assert not any(sum(node["dropped"].values()) for node in outcome.stats["nodes"].values())
    assert run.workers["n"].life.restarts == 0
    assert balanced(outcome)


def test_live_what_a_lookahead_holds_comes_out_before_the_rebuild() -> None:
    change = {1.0: lambda run: run.bus.set({"n.size": 1})}
    _, _, scripted = play(ahead(mode="live", delay=3), 3.0, change, plugin(ahead=Ahead))
    before = [frame.data[0] for frame, _ in scripted.kept["out"] if frame.data[1] == 0]
    assert before == list(range(len(before)))
    after = [frame.data[0] for frame, _ in scripted.kept["out"] if frame.data[1] == 1]
    assert before[-1] < after[0] <= before[-1] + 2


def test_a_flush_that_fails_at_a_rebuild_builds_the_node_anew_once() -> None:
    document = ahead(60, delay=3, broken_flush=True)
    document["nodes"]["n"]["on_error"] = "restart"
    change = {0.2: lambda run: run.bus.set({"n.size": 1})}
    run, outcome, scripted = play(document, None, change, plugin(ahead=Ahead))
    node = outcome.stats["nodes"]["n"]
    assert run.workers["n"].life.restarts == 2  # at the rebuild, and at the end
    assert {frame.data[1] for frame, _ in scripted.kept["out"]} == {0, 1}
    assert node["dropped"]["error"] == 6
    assert node["frames_in"] == node["frames_out"] + node["dropped"]["error"]


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_what_a_lookahead_holds_at_the_end_comes_out_or_is_counted(how: str) -> None:
    ends = {1.01: lambda run: getattr(run, how)()}
    _, outcome, _ = play(ahead(mode="live", delay=3), 3.0, ends, plugin(ahead=Ahead))
    node = outcome.stats["nodes"]["n"]
    assert sum(node["dropped"].values()) == (3 if how == "cancel" else 0)
    assert node["frames_in"] == node["frames_out"] + sum(node["dropped"].values())


def test_what_a_lookahead_never_gives_back_is_a_gap() -> None:
    class Silent(Ahead):
        def flush(self) -> Any:
            return None

    _, outcome, scripted = play(ahead(10, delay=3), None, {}, plugin(ahead=Silent))
    assert len(scripted.kept["out"]) == 7
    assert outcome.stats["nodes"]["n"]["gaps"] == 1


def test_a_restart_of_a_lookahead_counts_what_it_lost() -> None:
    class Failing(Ahead):
        async def process(self, video: Frame) -> Any:
            if video.seq == 20:
                raise NodeError("once")
            return await super().process(video)

    _, outcome, _ = play(ahead(mode="live", delay=3), None, {2.0: Run.stop}, plugin(ahead=Failing))
    node = outcome.stats["nodes"]["n"]
    assert node["dropped"] == {"error": 4}


CADENCES: list[dict[str, int]] = [{"take": 4}, {"take": 3, "delay": 2}, {"take": 1, "delay": 1}, {"take": 5}]


@pytest.mark.parametrize("first", [{"take": 1}, {"take": 4}, {"take": 4, "delay": 3}, {"delay": 2}])
def test_offline_a_rebuild_that_takes_other_chunks_loses_nothing(first: dict[str, int]) -> None:
    """A model that takes twelve frames for one that takes four: what comes is chunked anew from there on."""
    changes = {
        0.05 + 0.1 * n: lambda run, n=n: run.bus.set(
            {f"n.{key}": value for key, value in (CADENCES[n] | {"size": n}).items()}
        )
        for n in range(4)
    }
    run, outcome, scripted = play(ahead(60, **first), None, changes, plugin(ahead=Ahead))
    shown = [frame for frame, _ in scripted.kept["out"]]
    assert [frame.data[0] for frame in shown] == [frame.seq for frame in shown] == list(range(60))
    assert outcome.ok
    assert not any(sum(node["dropped"].values()) for node in outcome.stats["nodes"].values())
    assert run.workers["n"].cadence == Cadence(5, 5, 1)
    assert balanced(outcome)


@pytest.mark.parametrize(("first", "then"), [(1, 4), (4, 1), (4, 12), (12, 4)])
def test_live_the_gate_gives_bursts_of_the_new_size(first: int, then: int) -> None:
    """With 60 fps, and a node of 250 ms per chunk."""
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 60.0}},
        "n": {"use": "test.slow", "in": "src", "params": {"take": first, "service_ms": 250}},
        "out": {"use": "test.collect", "in": "n"},
    }
    seen: list[tuple[int, int]] = []

    def look(run: Run) -> None:
        seen.append((run.sources["src"].gate.credits.take, run.sources["src"].gate.credits.count))

    change = {3.0: lambda run: run.bus.set({"n.take": then}), 6.0: look}
    _, outcome, scripted = play(graph(nodes), 10.0, change)
    calls = [call for call in scripted.diaries["n"].calls if len(call.frames) == then]
    assert len(calls) >= 0.9 * 6 / 0.25
    assert sum(call.frames[-1].seq - call.frames[0].seq == then - 1 for call in calls) >= 0.9 * len(calls)
    assert seen[0][0] == then
    assert seen[0][1] <= 2 * then + 4
    assert balanced(outcome)


def test_a_change_to_a_cadence_that_cannot_be_is_refused() -> None:
    class Odd(Ahead):
        @classmethod
        def cadence_for(cls, params: Any) -> Cadence:
            return Cadence(params.take - params.delay, 1, 0)

    def change(run: Run) -> None:
        with pytest.raises(ParamError, match=r"node n: Cadence\(take=0.*: take and give are at least 1"):
            run.bus.set({"slow.service_ms": 5, "n.delay": 4})
        assert run.bus.get("slow.service_ms") == 10

    _, outcome, _ = play(ahead(60, take=4), None, {0.1: change}, plugin(ahead=Odd))
    assert outcome.ok
