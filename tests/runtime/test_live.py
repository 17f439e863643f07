"""Live runs on virtual time: what a show has to survive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from livegraph import Frame, In, Node, NodeSpec, Out, Param, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import RunResult, ScriptedPlugin, VirtualClock, VirtualLoop, run_graph
from livegraph.types import AnyPort


def graph(nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"livegraph": 1, "name": "test", "mode": "live", "nodes": nodes, **more}


def chain(*services: float, fps: float = 30.0, **params: Any) -> dict[str, Any]:
    """A source, nodes that take so many milliseconds each, and a sink."""
    nodes: dict[str, Any] = {"src": {"use": "test.source", "params": {"fps": fps}}}
    last = "src"
    for number, service in enumerate(services):
        last, before = f"n{number}", last
        nodes[last] = {"use": "test.slow", "in": before, "params": {"service_ms": service, **params}}
    nodes["out"] = {"use": "test.collect", "in": last}
    return nodes


def play(
    document: dict[str, Any], duration_s: float, at: dict[float, Callable[[Run], Any]], *plugins: object
) -> tuple[Run, Outcome, ScriptedPlugin]:
    """Run on virtual time, doing something to the run at given moments."""
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    for number, plugin in enumerate((scripted, *plugins)):
        assert registry.add(plugin, str(number)).state == "loaded"
    run = Run(plan_graph(document, registry=registry))

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()
        for when, action in at.items():
            loop.call_later(when, action, run)
        return await run.main(duration_s, clock=VirtualClock(loop))  # type: ignore[arg-type]

    loop = VirtualLoop(7)
    try:
        return run, loop.run_until_complete(main()), scripted
    finally:
        loop.close()


def longest_pause_s(result: RunResult, sink: str) -> float:
    times = result.presented_ns(sink)
    return max(b - a for a, b in pairwise(times)) / 1e9


@pytest.mark.parametrize(
    ("services", "variation", "rate", "age_ms"),
    [
        ((5, 60, 5), 0.0, 0.97, 200),
        ((5, 60, 5), 0.3, 0.97, 200),
        ((60, 60, 60), 0.3, 0.80, 350),
    ],
)
def test_a_slow_chain_runs_at_its_bottlenecks_rate_with_fresh_frames(
    services: tuple[float, ...], variation: float, rate: float, age_ms: float
) -> None:
    result = run_graph(graph(chain(*services, variation=variation)), duration_s=30, virtual=1)
    assert len(result.frames("out")) >= rate * 30 * 1000 / 60
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] <= age_ms


@pytest.mark.parametrize("service_ms", [160, 250, 333])
def test_chunks_are_of_consecutive_frames_at_full_rate(service_ms: float) -> None:
    nodes = chain(fps=24.0)
    nodes["wan"] = {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": service_ms}}
    nodes["out"]["in"] = "wan"
    result = run_graph(graph(nodes), duration_s=30, virtual=1)
    numbers = result.payloads("out")
    assert len(numbers) >= 0.97 * 30 * min(24, 4000 / service_ms) - 4
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] <= 4 * 1000 / 24 + service_ms + 60
    chunks = [numbers[i : i + 4] for i in range(0, len(numbers) - 3, 4)]
    consecutive = [chunk for chunk in chunks if chunk == list(range(chunk[0], chunk[0] + 4))]
    assert len(consecutive) >= 0.99 * len(chunks)


def test_pictures_of_a_chunk_are_shown_evenly() -> None:
    nodes = chain(fps=24.0)
    nodes["wan"] = {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 100}}
    nodes["out"]["in"] = "wan"
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    steps = [b - a for a, b in pairwise(result.presented_ns("out")[48:])]
    assert all(abs(step - 1e9 / 24) < 3e6 for step in steps)


def test_a_diamond_meets_itself() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "a": {"use": "test.slow", "in": "src", "params": {"service_ms": 10}},
        "b": {"use": "test.slow", "in": "src", "params": {"service_ms": 60}},
        "both": {"use": "test.pair", "in": {"video": "a", "other": "b"}, "params": {"service_ms": 0}},
        "out": {"use": "test.collect", "in": "both"},
    }
    result = run_graph(graph(nodes), duration_s=20, virtual=3)
    assert all(a == b for a, b in result.payloads("out"))
    assert len(result.frames("out")) >= 0.97 * 20 * 1000 / 60
    work = result.stats["nodes"]
    assert work["a"]["frames_out"] <= 1.03 * len(result.frames("out"))


def test_two_live_sources_the_first_leads_and_the_other_is_held() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "aux": {"use": "test.source", "params": {"fps": 12.5}},
        "mix": {"use": "test.pair", "in": {"video": "src", "other": "aux"}, "params": {"service_ms": 5}},
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert len(result.frames("out")) >= 295
    lag = [number / 30 - other / 12.5 for number, other in result.payloads("out") if other is not None]
    assert max(lag) <= 1 / 12.5 + 0.04


def test_a_slow_analysis_on_a_held_input_does_not_slow_the_picture() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "analysis": {"use": "test.slow", "in": "src", "params": {"service_ms": 400}},
        "mix": {
            "use": "test.pair",
            "in": {"video": "src", "other": {"from": "analysis", "join": "hold"}},
            "params": {"service_ms": 5},
        },
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert len(result.frames("out")) >= 295
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] < 60
    seen = {other for _, other in result.payloads("out")}
    assert len(seen) >= 20  # the analysis went on at its own rate: 25 in 10 s


def test_a_held_source_that_falls_silent_leaves_its_last_value() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "aux": {"use": "test.source", "params": {"fps": 30, "silent_from": 2.0, "silent_for": 100.0}},
        "mix": {"use": "test.pair", "in": {"video": "src", "other": "aux"}, "params": {"service_ms": 5}},
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=6, virtual=1)
    assert len(result.frames("out")) >= 175
    assert result.payloads("out")[-1][1] == 59  # the last that it said


def test_a_source_that_falls_silent_is_taken_up_again() -> None:
    nodes = chain(20)
    nodes["src"]["params"] |= {"silent_from": 2.0, "silent_for": 5.0}
    result = run_graph(graph(nodes), duration_s=12, virtual=1)
    assert longest_pause_s(result, "out") < 5.2
    assert max(result.payloads("out")) >= 200


def test_a_source_that_fails_is_opened_again_and_pts_go_on_rising() -> None:
    nodes = chain(5)
    nodes["src"]["params"] |= {"fail_at": 40}
    result = run_graph(graph(nodes), duration_s=5, virtual=1)
    frames = result.frames("out")
    assert result.stats["nodes"]["src"]["errors"] == 3  # at its 40th frame each time
    assert result.stats["nodes"]["src"]["restarts"] == 2  # the third would come after the end
    assert all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
    assert [frame.discontinuity for frame in frames].count(True) == 2
    assert longest_pause_s(result, "out") < 2


def test_pts_that_jump_back_are_rebased_and_nodes_are_reset() -> None:
    nodes = chain(5, delay=1)
    nodes["src"]["params"] |= {"restart_pts": 30}
    result = run_graph(graph(nodes), duration_s=5, virtual=1)
    frames = result.frames("out")
    assert all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
    assert sum(frame.discontinuity for frame in frames) >= 3


def test_a_jump_in_time_is_told_though_its_frame_was_dropped() -> None:
    nodes = chain(60, 60, skip=0.5)
    nodes["src"]["params"] |= {"restart_pts": 30}
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert sum(frame.discontinuity for frame in result.frames("out")) == 9


def test_a_failing_node_is_restarted_beside_the_stream() -> None:
    result = run_graph(graph(chain(5, 5, fail=0.003)), duration_s=20, virtual=5)
    node = result.stats["nodes"]["n0"]
    assert node["errors"] > 0
    assert node["restarts"] > 0
    assert result.outcome.ok
    assert result.stats["tickets"]["issued"] == result.stats["tickets"]["settled"]


def test_a_node_that_keeps_failing_stays_down_and_the_rest_goes_on() -> None:
    nodes = chain(5, fail=1.0)
    nodes["clean"] = {"use": "test.collect", "in": "src"}
    result = run_graph(graph(nodes), duration_s=30, virtual=1)
    assert not result.outcome.ok
    assert "n0: stays down after 5 restarts" in str(result.outcome.error)
    assert len(result.frames("clean")) >= 850


def test_skip_drops_the_frame_and_nothing_else() -> None:
    nodes = chain(5)
    nodes["n0"] |= {"on_error": "skip", "params": {"service_ms": 5, "fail": 0.5}}
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    node = result.stats["nodes"]["n0"]
    assert node["errors"] == node["dropped"]["error"] > 100
    assert node["errors"] + node["frames_out"] == node["frames_in"]
    assert node["restarts"] == 0


def test_stop_ends_the_run_with_the_error() -> None:
    nodes = chain(5)
    nodes["n0"] |= {"on_error": "stop", "params": {"fail": 0.1}}
    result = run_graph(graph(nodes), duration_s=100, virtual=1)
    assert "node n0: scripted failure" in str(result.outcome.error)
    assert result.stats["duration_s"] < 50


def test_a_hung_node_is_named_with_its_stack_and_replaced(caplog: pytest.LogCaptureFixture) -> None:
    nodes = chain(5)
    nodes["n0"] |= {"timeout": 1.0, "params": {"hang": 0.02}}
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    assert result.stats["nodes"]["n0"]["restarts"] > 0
    assert "node n0 hangs" in caplog.text
    assert "sleep_until" in caplog.text
    assert any("no answer for" in note for note in result.stats["notes"])


def test_a_recorder_beside_a_window_holds_no_credit() -> None:
    nodes = chain(5)
    nodes["disk"] = {"use": "test.record", "in": "n0", "params": {"service_ms": 200}}
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    assert len(result.frames("out")) >= 590
    edge = result.stats["edges"]["n0.out->disk.video"]
    assert edge["policy"] == "drop_oldest"
    assert edge["dropped"]["edge"] > 0


class Tagged(Node):
    """Marks each frame with a parameter."""

    video: In[AnyPort]
    out: Out[AnyPort]
    tag: int = Param(0, live=True, doc="mark")
    size: int = Param(1, doc="needs a rebuild")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else (video.data,)
        return (*marks, self.tag, self.size)


class TaggedPlugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.tag", Tagged)]


def tagged() -> dict[str, Any]:
    nodes = {
        "src": {"use": "test.source"},
        "a": {"use": "test.tag", "in": "src"},
        "slow": {"use": "test.slow", "in": "a", "params": {"service_ms": 100}},
        "b": {"use": "test.tag", "in": "slow"},
        "out": {"use": "test.collect", "in": "b"},
    }
    return graph(nodes, controls={"mark": "a.tag"}, presets={"both": {"mark": 5, "b.tag": 5}})


def test_a_transaction_switches_every_node_on_the_same_source_frame() -> None:
    changes = {1.0: lambda run: run.bus.set({"a.tag": 1, "b.tag": 1}), 2.01: lambda run: run.bus.preset("both")}
    _, outcome, scripted = play(tagged(), 4.0, changes, TaggedPlugin())
    assert outcome.ok
    marks = [frame.data for frame, _ in scripted.kept["out"]]
    assert {mark[1] for mark in marks} == {0, 1, 5}
    assert all(mark[1] == mark[3] for mark in marks)


def test_a_refused_transaction_changes_nothing() -> None:
    refused: list[str] = []

    def change(run: Run) -> None:
        try:
            run.bus.set({"a.tag": 1, "b.tag": "many"})
        except Exception as error:
            refused.append(str(error))

    _, _, scripted = play(tagged(), 2.0, {1.0: change}, TaggedPlugin())
    assert refused and refused[0].startswith("node b: tag:")
    assert {frame.data[1] for frame, _ in scripted.kept["out"]} == {0}


def test_a_rebuild_parameter_builds_the_node_anew() -> None:
    _, outcome, scripted = play(tagged(), 3.0, {1.0: lambda run: run.bus.set({"b.size": 9})}, TaggedPlugin())
    assert outcome.ok
    assert [frame.data[4] for frame, _ in scripted.kept["out"]][-1] == 9


@pytest.mark.parametrize("when", [0.0, 0.05, 1.0, 1.03])
@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_whenever_it_is_ended_everything_settles(when: float, how: str) -> None:
    nodes = chain(30, 30, take=3)
    _, outcome, _ = play(graph(nodes), 10.0, {when: lambda run: getattr(run, how)()})
    assert outcome.stats["tickets"]["issued"] == outcome.stats["tickets"]["settled"]
    assert outcome.stats["duration_s"] < when + 3


def test_a_window_that_is_closed_ends_the_run() -> None:
    from livegraph import EndOfStream, Sink

    class Closed(Sink):
        presents = True
        video: In[AnyPort]

        async def process(self, video: Frame) -> Any:
            return EndOfStream() if video.seq >= 30 else None

    class Plugin:
        livegraph_api = "1"

        @hookimpl
        def livegraph_nodes(self) -> list[NodeSpec]:
            return [NodeSpec("test.closed", Closed)]

    nodes = chain(5)
    nodes["window"] = {"use": "test.closed", "in": "n0"}
    result = run_graph(graph(nodes), plugins=[Plugin()], duration_s=60, virtual=1)
    assert result.outcome.ok
    assert result.stats["duration_s"] < 3


def test_the_last_frame_of_a_stream_that_ends_is_shown() -> None:
    nodes = chain(60)
    nodes["src"]["params"] |= {"frames": 31}
    result = run_graph(graph(nodes), virtual=1)
    assert result.payloads("out")[-1] == 30
    assert result.stats["sources"]["src"]["dropped"].get("stop", 0) == 0


def test_a_source_that_never_waits_does_not_hold_the_loop() -> None:
    from livegraph import Source

    class Eager(Source):
        out: Out[AnyPort]

        async def read(self) -> Frame:
            return self.frame(0, self.ctx.clock.now_ns())

    class Plugin:
        livegraph_api = "1"

        @hookimpl
        def livegraph_nodes(self) -> list[NodeSpec]:
            return [NodeSpec("test.eager", Eager)]

    nodes = {"src": {"use": "test.eager"}, "out": {"use": "test.collect", "in": "src"}}
    result = run_graph(graph(nodes), plugins=[Plugin()], duration_s=0.3)
    assert result.stats["duration_s"] < 3


def test_a_wired_parameter_is_held_within_its_range() -> None:
    nodes = chain()
    nodes["swing"] = {"use": "core.lfo", "params": {"low": -50.0, "high": 50.0, "frequency": 1.0}}
    nodes["n"] = {"use": "test.slow", "in": "src", "params": {"service_ms": {"from": "swing"}}}
    nodes["out"]["in"] = "n"
    result = run_graph(graph(nodes), duration_s=3, virtual=1)
    assert result.outcome.ok
    assert 0 < result.stats["nodes"]["n"]["process_ms"]["p95"] <= 52
