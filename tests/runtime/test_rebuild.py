"""A rebuild parameter is turned: the node is built anew, and what it still held back comes out before."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_support import balanced, graph, play, plugin

from livegraph import Cadence, Frame, In, Node, Out, Param
from livegraph.errors import NodeError
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
