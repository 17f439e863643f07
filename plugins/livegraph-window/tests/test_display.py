from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from livegraph_window.display import why_no_display


def test_with_a_display_there_is_no_reason() -> None:
    assert why_no_display({"DISPLAY": ":0"}, "linux") is None
    assert why_no_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux") is None
    assert why_no_display({"SDL_VIDEODRIVER": "kmsdrm"}, "linux") is None
    assert why_no_display({}, "darwin") is None


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "DISPLAY"),
        ({"DISPLAY": ""}, "DISPLAY"),
        ({"DISPLAY": ":0", "SDL_VIDEODRIVER": "dummy"}, "dummy"),
        ({"DISPLAY": ":0", "SDL_VIDEODRIVER": "offscreen"}, "offscreen"),
    ],
)
def test_without_a_display_the_reason_is_given(environ: dict[str, str], reason: str) -> None:
    assert reason in (why_no_display(environ, "linux") or "")


def test_a_missing_pygame_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install pygame-ce" in (why_no_display({"DISPLAY": ":0"}, "linux") or "")


def test_neither_listing_nor_asking_imports_pygame() -> None:
    code = (
        "import sys, livegraph_window.plugin as p; p.livegraph_nodes()\n"
        "from livegraph_window.show import Show; Show.unavailable(Show.Params())\n"
        "assert 'pygame' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
