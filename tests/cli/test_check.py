from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BAD = """\
livegraph: 1
nodes:
  source: {use: test.source, params: {fps: -1}}
  slow: {use: test.slow, in: sauce, params: {servce_ms: 1}}
  end: {use: test.collect, in: slow}
"""


def test_check_shows_nodes_wires_latency_and_knobs(command: Any, graph: Path) -> None:
    ended = command("check", graph)
    assert ended.code == 0, ended.err
    for part in ("small  offline, 3 nodes", "video <- source.out", "primary", "attached", "pace (slow.service_ms)"):
        assert part in ended.out
    assert "end: no frame is held back by design" in ended.out
    assert "presets: fast" in ended.out


def test_check_adds_up_what_nodes_hold_back(command: Any, graph: Path) -> None:
    ended = command("check", graph, "--set", "slow.take=4")
    assert "end: source -> slow -> end holds back 3 frames, 100 ms" in ended.out


def test_check_as_json(command: Any, graph: Path) -> None:
    document = json.loads(command("check", graph, "--json", "--mode", "live").out)
    assert document["ok"] is True
    assert document["mode"] == "live"
    assert [node["id"] for node in document["nodes"]] == ["source", "slow", "end"]
    assert document["nodes"][1]["inputs"][0]["from"] == "source.out"
    assert document["latency"][0]["frames"] == 0


def test_a_signal_that_feeds_a_parameter_is_shown(command: Any, graph: Path) -> None:
    wired = graph.read_text().replace("service_ms: 1}", "service_ms: {from: swing}}").replace("controls:", "#")
    graph.write_text(wired.split("presets")[0].split("#")[0].replace("  slow", "  swing: {use: core.lfo}\n  slow"))
    ended = command("check", graph)
    assert "service_ms <- swing" in ended.out, ended.err


def test_every_problem_at_once(command: Any, tmp_path: Path, scripted: Any) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(BAD)
    ended = command("check", bad)
    assert ended.code == 2
    assert ended.out == ""
    text = ended.err
    assert "node source: " in text and "fps" in text
    assert "Did you mean source?" in text
    assert "Did you mean service_ms?" in text
    assert all(line.startswith(f"{bad}:") for line in text.splitlines())


def test_problems_as_json(command: Any, tmp_path: Path, scripted: Any) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(BAD)
    ended = command("check", bad, "--json")
    document = json.loads(ended.out)
    assert ended.code == 2
    assert document["ok"] is False
    assert {problem["node"] for problem in document["problems"]} == {"source", "slow"}
    assert all(problem["line"] for problem in document["problems"])
