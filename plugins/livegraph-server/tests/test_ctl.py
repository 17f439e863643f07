"""`livegraph ctl` against real runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_support import BLENDED, KNOBS, Show, a_show, until
from typer.testing import CliRunner, Result

from livegraph_server import running
from livegraph_server.ctl import app, setting


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    monkeypatch.setattr(running, "_folder", lambda: tmp_path)
    with a_show(BLENDED, more=KNOBS) as show:
        yield show


def ctl(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=env)


def test_the_run_that_goes_on_here_is_found_seen_and_changed(show: Show) -> None:
    assert ctl("get", "calm").stdout == "0.3\n"
    assert ctl("set", "calm=0.5", "freeze=true").stdout == "calm = 0.5\nfreeze = true\n"
    assert json.loads(ctl("get", "--json", "blend.ratio", "freeze").stdout) == {"blend.ratio": 0.5, "freeze": True}
    assert "0..0.8" in ctl("get").stdout
    assert "still" in ctl("preset").stdout
    assert ctl("preset", "still").exit_code == 0
    assert ctl("fade", "sharp", "still", "0.5").exit_code == 0
    assert ctl("keep", "mine").stdout.startswith("mine: calm = 0.4")
    assert ctl("undo").exit_code == 0 and ctl("get", "calm").stdout == "0.7\n"
    assert ctl("reset").exit_code == 0 and ctl("get", "calm").stdout == "0.3\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("set", "calm=3"), "calm ranges from 0 to 0.8"),
        (("set", "clam=0.1"), "Did you mean calm"),
        (("set", "blend.ratio=NaN"), "finite number"),
        (("get", "nothing"), "there is no nothing"),
        (("preset", "nothing"), "no preset 'nothing'"),
        (("save",), "no file"),
        (("get", "--url", "http://127.0.0.1:1"), "nothing answers"),
    ],
)
def test_what_is_refused_is_said_and_fails(show: Show, arguments: tuple[str, ...], text: str) -> None:
    result = ctl(*arguments)
    assert result.exit_code == 1 and text in result.stderr and "Traceback" not in result.output


def test_changes_of_others_are_watched_until_the_run_ends(show: Show) -> None:
    command = [sys.executable, "-m", "livegraph", "ctl", "watch", "blend.ratio", "--json", "--url", show.server.address]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: len(show.run.bus._hearers) == 2, 30)
    ctl("set", "calm=0.6", "freeze=true")
    show.stop()
    out, errors = watching.communicate(timeout=30)
    line = json.loads(out)
    assert line["address"] == "blend.ratio" and line["value"] == 0.6
    assert "the run has ended" in errors and watching.returncode == 1


def test_a_token_is_asked_for_and_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_folder", lambda: tmp_path)
    monkeypatch.setenv("LIVEGRAPH_TOKEN", "0123456789abcdef0123")
    with a_show(BLENDED, more=KNOBS):
        assert ctl("get", "calm").stdout == "0.3\n"
        assert "set LIVEGRAPH_TOKEN" in ctl("get", "calm", LIVEGRAPH_TOKEN="wrong-wrong-wrong-wrong").stderr


def test_none_several_and_killed_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_folder", lambda: tmp_path)
    assert "livegraph run GRAPH --serve" in ctl("get").stderr
    (tmp_path / "1.json").write_text(json.dumps({"graph": "gone", "address": "http://x", "pid": 2**22 + 1}))
    (tmp_path / "2.json").write_text("{")
    assert "no run" in ctl("get").stderr and not (tmp_path / "1.json").exists()
    notes = [running.Note(name, f"http://127.0.0.1:{port}") for port, name in enumerate(("one", "two"), 8400)]
    assert "--url http://127.0.0.1:8401   two" in ctl("get").stderr
    for note in notes:
        note.close()
    assert running.all_running() == [] and [path.name for path in tmp_path.iterdir()] == ["2.json"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=0.5", 0.5),
        ("a=true", True),
        ("a=ink on paper", "ink on paper"),
        ('a="7"', "7"),
        ("a=NaN", "NaN"),
    ],
)
def test_values_as_they_are_typed(text: str, value: Any) -> None:
    assert setting(text) == ("a", value)
