"""Sources that change, fail or say wrong things, and sources of several ports."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_support import balanced, graph, play, plugin

from livegraph import Frame, InputError, NodeError, Out, Param, Source
from livegraph.params import VERSIONS
from livegraph.runtime.run import Run
from livegraph.testing import run_graph
from livegraph.types import AnyPort


class Camera(Source):
    out: Out[AnyPort]
    device: int = Param(0, ge=0, doc="which")
    gain: float = Param(1.0, live=True, doc="how bright")
    wrong_at: int = Param(-1, doc="the frame at which something else is returned")
    wrong: Any = Param(None, doc="what is returned then")

    async def setup(self) -> None:
        if self.params.device == 9:
            raise InputError("no device 9")
        self._count = 0

    async def teardown(self) -> None:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 200_000_000)

    async def read(self) -> Any:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 33_000_000)
        self._count += 1
        if self._count == self.params.wrong_at:
            return {"nonsense": 1, "port": {"elsewhere": self.frame(0, 0)}}[self.params.wrong]
        return self.frame(self._count, self.ctx.clock.now_ns())


def two_cameras(**params: Any) -> dict[str, Any]:
    return graph(
        {
            "src": {"use": "test.camera", "params": params},
            "out": {"use": "test.collect", "in": "src"},
            "other": {"use": "test.source"},
            "clean": {"use": "test.collect", "in": "other"},
        }
    )


def test_a_device_that_cannot_be_opened_ends_its_own_stream_only() -> None:
    change = {1.0: lambda run: run.bus.set({"src.device": 9})}
    _, outcome, scripted = play(two_cameras(), 5.0, change, plugin(camera=Camera))
    assert "no device 9" in str(outcome.error)
    assert len(scripted.kept["clean"]) > 140


def test_a_stop_while_a_device_is_changed_is_no_failure() -> None:
    changes = {1.0: lambda run: run.bus.set({"src.device": 1}), 1.1: Run.stop}
    _, outcome, _ = play(two_cameras(), 5.0, changes, plugin(camera=Camera))
    assert outcome.ok, outcome.error


@pytest.mark.parametrize("wrong", ["nonsense", "port"])
def test_a_source_that_returns_something_else_fails_by_policy(wrong: str) -> None:
    document = two_cameras(wrong_at=20, wrong=wrong)
    _, outcome, scripted = play(document, 5.0, {}, plugin(camera=Camera))
    assert outcome.stats["nodes"]["src"]["restarts"] > 0
    assert len(scripted.kept["clean"]) > 140
    assert balanced(outcome)


def test_a_knob_of_a_source_that_is_turned_for_hours_takes_no_memory() -> None:
    turns = {0.1 + 0.01 * n: lambda run, n=n: run.bus.set({"src.gain": float(n)}) for n in range(300)}
    run, _, _ = play(two_cameras(), 5.0, turns, plugin(camera=Camera))
    assert len(run.host.versions["src"]._pending) < 10


class Stereo(Source):
    left: Out[AnyPort]
    right: Out[AnyPort]

    async def read(self) -> dict[str, Frame]:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 33_000_000)
        now = self.ctx.clock.now_ns()
        return {"left": self.frame(0, now), "right": self.frame(1, now)}


def test_the_gate_is_at_the_port_that_is_used() -> None:
    nodes = {
        "src": {"use": "test.stereo"},
        "n": {"use": "test.slow", "in": "src.right", "params": {"service_ms": 200}},
        "out": {"use": "test.collect", "in": "n"},
    }
    _, outcome, _ = play(graph(nodes), 10.0, {}, plugin(stereo=Stereo))
    assert outcome.stats["edges"]["src.right->n.video"]["high_water"] <= 3
    assert outcome.stats["sinks"]["out"]["age_ms"]["p95"] <= 500


def test_a_knob_of_a_node_that_is_down_for_good_takes_no_more_memory_in_the_end() -> None:
    document = two_cameras()
    document["nodes"]["n"] = {"use": "test.slow", "in": "src", "params": {"fail": 1.0}}
    document["nodes"]["out"]["in"] = "n"
    turns = {60 + 0.034 * n: lambda run, n=n: run.bus.set({"n.service_ms": n / 100}) for n in range(2 * VERSIONS)}
    run, outcome, _ = play(document, 60 + 0.034 * 2 * VERSIONS, turns, plugin(camera=Camera))
    assert outcome.stats["nodes"]["n"]["restarts"] == 5
    assert len(run.host.versions["n"]._pending) <= VERSIONS
    assert run.bus.get("n.service_ms") == (2 * VERSIONS - 1) / 100


class Broken(Source):
    out: Out[AnyPort]

    async def read(self) -> Frame:
        raise NodeError("broken")


def test_a_source_that_fails_at_once_under_skip_does_not_hold_the_loop() -> None:
    nodes = {
        "src": {"use": "test.broken", "on_error": "skip"},
        "out": {"use": "test.collect", "in": "src"},
    }
    _, outcome, _ = play(graph(nodes), 1.0, {}, plugin(broken=Broken))
    assert outcome.stats["duration_s"] < 3


def test_a_source_that_never_waits_does_not_hold_the_loop() -> None:
    class Eager(Source):
        out: Out[AnyPort]

        async def read(self) -> Frame:
            return self.frame(0, self.ctx.clock.now_ns())

    nodes = {"src": {"use": "test.eager"}, "out": {"use": "test.collect", "in": "src"}}
    result = run_graph(graph(nodes), plugins=[plugin(eager=Eager)], duration_s=0.3)
    assert result.stats["duration_s"] < 3
