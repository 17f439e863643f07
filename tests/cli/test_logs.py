"""What is logged, in lines for people and for programs."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from livegraph.cli.logs import JsonLines

GRAPH = """\
livegraph: 1
name: short
mode: offline
nodes:
  scene: {use: media.pattern, params: {size: 64x64, frames: 5}}
  end: {use: media.null, in: scene}
"""


def logged(message: str, *args: object, error: BaseException | None = None) -> dict[str, str]:
    trouble = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("livegraph.wan", logging.WARNING, "file", 1, message, args, trouble)
    text = JsonLines().format(record)
    assert "\n" not in text
    said: dict[str, str] = json.loads(text)
    return said


def test_an_entry_is_an_object_on_a_line() -> None:
    said = logged("%s\nis “late”", "chunk")
    assert said["level"] == "warning"
    assert said["logger"] == "livegraph.wan"
    assert said["message"] == "chunk\nis “late”"
    assert datetime.fromisoformat(said["time"]).tzinfo is not None
    assert "exception" not in said


def test_an_exception_comes_whole() -> None:
    try:
        raise OSError("no disk")
    except OSError as error:
        said = logged("lost", error=error)
    assert said["exception"].endswith("OSError: no disk")


def run_in(folder: Path, graph: str, code: int) -> list[dict[str, str]]:
    (folder / "short.yaml").write_text(graph)
    command = [sys.executable, "-m", "livegraph", "run", "short.yaml", "--log-json"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (code, "")
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_a_run_says_everything_in_json_on_stderr(tmp_path: Path) -> None:
    said = run_in(tmp_path, GRAPH, 0)
    assert said[0]["message"] == "short: offline, scene -> end"
    assert any("end: 5 frames" in entry["message"] for entry in said)
    assert {entry["level"] for entry in said} == {"info"}


def test_and_what_it_failed_by(tmp_path: Path) -> None:
    said = run_in(tmp_path, GRAPH.replace("64x64", "64x48"), 1)
    assert said[-1]["level"] == "error"
    assert said[-1]["message"] == "node scene: size 64x48: the scene takes at least 64 pixels each way"
