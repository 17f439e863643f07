from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LIVE = """\
livegraph: 1
name: endless
mode: live
nodes:
  source: {use: test.source}
  slow: {use: test.slow, in: source, params: {service_ms: 5}}
  end: {use: test.collect, in: slow}
"""

WITH_SCRIPTED_NODES = """
import sys
from livegraph.cli.main import run
from livegraph.registry import registry
from livegraph.testing import ScriptedPlugin
registry().add(ScriptedPlugin(), "scripted")
sys.argv[0] = "livegraph"
run()
"""

LOADING = """
import time
from livegraph import In, Node, NodeSpec, Out, Video, hookimpl
class Loading(Node):
    video: In[Video]
    out: Out[Video]
    def setup(self):
        self.ctx.say("loads")
        time.sleep(30)
    def process(self, video):
        return video
class Slow:
    livegraph_api = "1"
    @hookimpl
    def livegraph_nodes(self):
        return [NodeSpec("slow.loading", Loading, "Loads")]
"""
LOADS_IN = 'registry().add(Slow(), "slow"); '


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    path = tmp_path / "endless.yaml"
    path.write_text(LIVE)
    return path


def test_a_run_ends_with_a_summary_and_zero(command: Any, graph: Path) -> None:
    ended = command("run", graph)
    assert ended.code == 0, ended.err
    assert "small: offline, source -> slow -> end" in ended.out
    assert "end: 20 frames" in ended.out


def test_stats_writes_the_document(command: Any, graph: Path, tmp_path: Path) -> None:
    command("run", graph, "--stats", tmp_path / "stats.json")
    document = json.loads((tmp_path / "stats.json").read_text())
    assert document["graph"] == "small"
    assert document["sinks"]["end"]["frames"] == 20
    assert document["tickets"]["issued"] == document["tickets"]["settled"]


def test_trace_writes_a_chrome_trace(command: Any, graph: Path, tmp_path: Path) -> None:
    command("run", graph, "--trace", tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert trace["traceEvents"] if isinstance(trace, dict) else trace


def test_set_and_preset_reach_the_plan(command: Any, graph: Path) -> None:
    ended = command("run", graph, "--set", "source.frames=3", "--preset", "fast")
    assert "end: 3 frames" in ended.out, ended.err


def test_mode_and_duration_reach_the_run(command: Any, endless: Path, scripted: Any) -> None:
    assert "endless: live, 0.4 s" in command("run", endless, "--duration", "400ms").out
    assert "endless: offline, " in command("run", endless, "--mode", "offline", "--duration", "400ms").out


def test_quiet_says_nothing(command: Any, graph: Path) -> None:
    ended = command("run", graph, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_node_that_fails_ends_the_run_with_one_and_a_line(command: Any, graph: Path) -> None:
    ended = command("run", graph, "--quiet", "--set", "slow.fail=1")
    assert ended.code == 1
    assert "slow" in ended.err
    assert "scripted failure" in ended.err
    assert "Traceback" not in ended.err


def test_every_problem_of_a_bad_graph_is_a_line(command: Any, tmp_path: Path, scripted: Any) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "livegraph: 1\nnodes:\n  a: {use: test.sauce}\n  b: {use: test.slow, in: c}\n  e: {use: test.collect, in: b}\n"
    )
    ended = command("run", bad)
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert [line for line in lines if not line.startswith(f"{bad}:")] == []
    assert "bad.yaml:3:" in lines[0] and "Did you mean test.source?" in lines[0]
    assert any("node b" in line for line in lines)


def test_a_graph_that_is_not_there(command: Any) -> None:
    ended = command("run", "nowhere.yaml")
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "args",
    [
        ("--duration", "soon"),
        ("--mode", "sometimes"),
        ("--stats", "/no/such/folder/stats.json"),
        ("--stats", "/tmp"),
        ("--trace", "/tmp"),
        ("--unknown",),
    ],
)
def test_wrong_usage_ends_with_two_before_anything_runs(command: Any, graph: Path, args: tuple[str, ...]) -> None:
    ended = command("run", graph, *args)
    assert ended.code == 2
    assert "frames" not in ended.out


def _start(endless: Path, *args: str, stdout: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WITH_SCRIPTED_NODES, "run", str(endless), *args],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_well(endless: Path, number: signal.Signals) -> None:
    trace = endless.with_suffix(".json")
    process = _start(endless, "--trace", str(trace), stdout=subprocess.PIPE)
    _wait_until(lambda: trace.exists() and b"slow" in trace.read_bytes())
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("endless: live")
    assert "end: " in out and "frames" in out


def test_a_run_goes_on_when_nobody_reads_its_output(endless: Path) -> None:
    stats = endless.with_suffix(".json")
    process = _start(endless, "--duration", "1s", "--stats", str(stats), stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == ""
    assert process.wait(timeout=20) == 0
    assert json.loads(stats.read_text())["sinks"]["end"]["frames"] > 0


def test_a_closed_terminal_ends_a_run_well(endless: Path) -> None:
    stats = endless.with_suffix(".json")
    ours, theirs = pty.openpty()
    process = _start(endless, "--stats", str(stats), stdout=theirs)
    os.close(theirs)
    _read_until(ours, b"Ctrl-C ends the run")
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == ""
    assert process.wait(timeout=20) == 0
    assert json.loads(stats.read_text())["sinks"]["end"]["frames"] > 0


def test_a_run_works_with_stdout_closed(graph: Path) -> None:
    shell = f'exec "$0" -c {shlex.quote(WITH_SCRIPTED_NODES)} run "$1" >&-'
    ended = subprocess.run(["sh", "-c", shell, sys.executable, str(graph)], stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_signal_while_a_node_loads_ends_with_zero(tmp_path: Path) -> None:
    """The node's thread is abandoned; what it still does must not get into the way of the program's end."""
    path = tmp_path / "loading.yaml"
    path.write_text(LIVE.replace("use: test.slow,", "use: slow.loading,").replace("{service_ms: 5}", "{}"))
    process = subprocess.Popen(
        [sys.executable, "-c", LOADING + WITH_SCRIPTED_NODES.replace("run()", LOADS_IN + "run()"), "run", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "loads" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert out == "endless: ended before it began\n"


def test_a_run_that_never_began_sums_nothing_up(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "livegraph: 1\nnodes:\n  a: {use: media.file, params: {path: /no.mp4}}\n  b: {use: media.null, in: a}\n"
    )
    ended = command("run", path)
    assert (ended.code, ended.out) == (1, "x: offline, a -> b\n")
    assert ended.err == "node a: no file /no.mp4; / is there, the file is not\n"


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_told_as_that(command: Any, name: str) -> None:
    ended = command("run", name)
    assert (ended.code, ended.out) == (2, "")
    assert "the name is empty" in ended.err


def test_a_terminal_shows_the_table_and_then_the_summary(endless: Path) -> None:
    ours, theirs = pty.openpty()
    process = _start(endless, stdout=theirs)
    os.close(theirs)
    shown = _read_until(ours, b"Ctrl-C ends the run")
    process.send_signal(signal.SIGINT)
    shown += _read_until(ours, b"")
    assert process.wait(timeout=20) == 0
    text = shown.decode()
    assert "p95 ms" in text and "running" in text
    assert "endless: live, " in text
    assert process.stderr is not None and process.stderr.read() == ""
    process.stderr.close()


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _read_until(terminal: int, word: bytes) -> bytes:
    """What a terminal shows up to a word, or to its end."""
    shown, deadline = b"", time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            got = os.read(terminal, 4096)
        except OSError:  # Linux: the other end is closed
            return shown
        shown += got
        if not got or (word and word in shown):
            return shown
    raise AssertionError(f"no {word!r} in {shown!r}")
