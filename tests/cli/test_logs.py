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
  scene: {use: media.pattern, params: {size: 64x48, frames: 5}}
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


def test_a_run_says_everything_in_json_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(GRAPH)
    command = [sys.executable, "-m", "livegraph", "run", "short.yaml", "--log-json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    said = [json.loads(line) for line in ended.stderr.splitlines()]
    assert said[0]["message"] == "short: offline, scene -> end"
    assert any("end: 5 frames" in entry["message"] for entry in said)
    assert {entry["level"] for entry in said} == {"info"}
