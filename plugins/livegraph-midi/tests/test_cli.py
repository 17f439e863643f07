"""`livegraph midi`, with devices of this process and without any."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from midi_support import cc
from mido import Message
from typer.testing import CliRunner

from livegraph import InputError
from livegraph_midi import cli, library, plugin


def invoked(*words: str) -> Any:
    app = typer.Typer()
    app.callback()(lambda: None)
    plugin.livegraph_commands(app)
    return CliRunner().invoke(app, ["midi", *words])


def test_list(studio: Any) -> None:
    studio.plug("nano", out=False)
    assert invoked("list").stdout.split("\n") == ["in   nano", "out  none", ""]


def test_learn(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was moved stands on stdout, ready for a file; what is said while it is moved, on stderr."""
    studio.plug("nano")

    def turned(seconds: float) -> None:
        studio.play(cc(1, 3), Message("sysex", data=[1]), cc(1, 4))

    monkeypatch.setattr(cli, "time", SimpleNamespace(sleep=turned, monotonic=count().__next__))
    result = invoked("learn", "--device", "nan", "--seconds", "9")
    assert result.exit_code == 0
    assert result.stdout == "map:\n  cc 1: node.parameter  # 7 bit, 3 to 4\n"
    assert "nano: move one thing" in result.stderr and "cc 1 ch1: 7 bit" in result.stderr
    assert studio.inputs == []


def test_ctrl_c_ends_it_and_what_was_learnt_is_kept() -> None:
    def heard() -> Iterator[Message]:
        yield cc(1, 3)
        raise KeyboardInterrupt

    assert cli.learnt(heard(), lambda text: None) == ["map:", "  cc 1: node.parameter  # 7 bit, 3 to 3"]


def test_nothing_moved_and_nothing_there(studio: Any) -> None:
    result = invoked("learn")
    assert isinstance(result.exception, InputError) and "no MIDI device 'auto'; there are: none" in str(
        result.exception
    )
    studio.plug("nano")
    assert invoked("learn", "--seconds", "0.01").stdout == "# nothing was moved\n"


def test_without_a_sequencer_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "no_sequencer", lambda: "there is none")
    assert str(invoked("list").exception) == "MIDI cannot be used here: there is none"
