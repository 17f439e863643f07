from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from livegraph.graph import plan_graph
from livegraph.observe.histogram import Histogram
from livegraph.observe.trace import Span, Trace
from livegraph.observe.watchdog import LoopWatchdog
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import ScriptedPlugin, run_plan

DOCUMENT = {
    "livegraph": 1,
    "name": "traced",
    "nodes": {
        "src": {"use": "test.source", "params": {"live": False, "frames": 700}},
        "work": {"use": "test.slow", "in": "src", "params": {"service_ms": 2}},
        "out": {"use": "test.collect", "in": "work"},
    },
}


def test_a_trace_is_chrome_json_with_a_span_per_frame_and_node(tmp_path: Path) -> None:
    registry = Registry(discover=False)
    registry.add(ScriptedPlugin(), "test")
    path = tmp_path / "deep" / "trace.json"
    run_plan(Run(plan_graph(DOCUMENT, registry=registry), trace=path), virtual=1)
    events = json.loads(path.read_text())
    names = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert list(names.values()) == ["src", "work", "out"]
    runs = [
        event for event in events if event["ph"] == "X" and names[event["tid"]] == "work" and event["name"] == "run"
    ]
    assert [event["args"]["seq"] for event in runs] == list(range(700))
    assert all(abs(event["dur"] - 2000) < 1 for event in runs)
    assert {event["name"] for event in events if event["ph"] == "X"} == {"wait", "run", "transfer"}


def test_a_trace_can_be_read_before_it_is_closed(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "t.json", ["a"])
    trace.add(Span(0, 1, 0, 10, 20, 30, 40))
    trace.flush()
    deadline = time.monotonic() + 5
    while (text := (tmp_path / "t.json").read_text()).count('"run"') == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert json.loads(text + "]")[-1]["name"] == "transfer"
    trace.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is full")
def test_a_full_disk_ends_the_trace_and_not_the_run(caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace(Path("/dev/full"), ["a"])
    for _ in range(3):
        trace.add(Span(0, 1, 0, 10, 20, 30, 40))
        trace.flush()
    trace.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the trace cannot be written any further: No space left on device"
    ]


def test_percentiles_are_right_within_two_percent() -> None:
    histogram = Histogram()
    for value in range(1, 10_001):
        histogram.add(value * 10_000)
    for share in (0.5, 0.95, 0.99):
        assert abs(histogram.percentile(share) / (share * 1e8) - 1) < 0.02
    assert Histogram().percentile(0.5) == 0.0


def test_a_held_loop_is_told_once_with_where_it_stands() -> None:
    said: list[str] = []
    watchdog = LoopWatchdog(said.append, limit_s=0.2)
    stand_still(0.8)
    watchdog.beat()
    time.sleep(0.1)
    watchdog.close()
    assert len(said) == 1
    assert "stand_still" in said[0]


def stand_still(seconds: float) -> None:
    time.sleep(seconds)
