from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from livegraph.cli import examine
from livegraph.cli.examine import Finding, devices, display, packages, plugins
from livegraph.registry import registry


class Old:
    livegraph_api = "0"


def test_doctor_looks_at_everything(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "devices", lambda package, question: Finding(package, "ok", "cpu"))
    ended = command("doctor")
    for part in ("python", "machine", "packages", "plugins", "display", "cameras", "ffmpeg", "torch"):
        assert f" {part} " in ended.out


def test_doctor_as_json_and_its_exit_code(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Finding("torch", "fail", "it crashed", "reinstall torch")
    monkeypatch.setattr(examine, "devices", lambda package, question: broken)
    ended = command("doctor", "--json")
    assert ended.code == 1
    assert {"what": "torch", "state": "fail", "found": "it crashed", "advice": "reinstall torch"} in json.loads(
        ended.out
    )


def test_our_own_packages_are_all_there() -> None:
    found = packages()
    assert found.state == "ok"
    assert "pydantic " in found.found and "livegraph " in found.found


def test_a_plugin_that_does_not_load_is_a_failure_with_advice() -> None:
    info = registry().add(Old(), "old", "livegraph-old")
    try:
        (found,) = [finding for finding in plugins() if finding.what == "plugin old"]
    finally:
        registry().plugins.remove(info)
    assert found.state == "fail"
    assert "livegraph-old" in found.advice


@pytest.mark.skipif(sys.platform != "linux", reason="the desktop is always there")
def test_no_display_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert display().state == "note"
    monkeypatch.setenv("DISPLAY", ":7")
    assert display() == Finding("display", "ok", "DISPLAY=:7")


def test_a_framework_that_crashes_is_told_by_its_last_line() -> None:
    found = devices("numpy", "import sys; print('noise', file=sys.stderr); raise SystemExit('no driver')")
    assert (found.state, found.found) == ("fail", "no driver")


def test_a_framework_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "PATIENCE_S", 0.2)
    assert devices("numpy", "import time; time.sleep(9)").state == "fail"


def test_a_framework_that_is_not_there_is_a_note() -> None:
    assert devices("no-such-framework", "").state == "note"
