from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from livegraph import __version__, hookimpl
from livegraph.cli import plugins
from livegraph.cli.group import plugin_commands
from livegraph.registry import registry
from livegraph.testing import temporary_plugin

COMMANDS = ("run", "check", "nodes", "plugins", "backends", "pipelines", "doctor", "schema", "bench", "models", "new")


def test_version(command: Any) -> None:
    assert command("--version").out == f"livegraph {__version__}\n"


def test_help_teaches_by_examples_and_lists_every_command(command: Any) -> None:
    text = command("--help").out
    assert "livegraph run graphs/cam2wan.yaml" in text
    assert [name for name in COMMANDS if f" {name} " not in text] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Any, name: str) -> None:
    ended = command(name, "--help")
    assert ended.code == 0
    assert f"usage: livegraph {name}" in ended.out.lower()


def test_an_unknown_command_is_a_usage_error(command: Any) -> None:
    ended = command("rum")
    assert ended.code == 2
    assert "rum" in ended.err


def test_a_bug_is_one_line_without_a_traceback(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "write_table", _broken)
    ended = command("plugins")
    assert ended.code == 1
    assert ended.err.splitlines() == [
        "livegraph: ZeroDivisionError: over zero",
        "This is a bug in livegraph; `--verbose` shows the traceback.",
    ]


def test_verbose_shows_the_traceback_of_a_bug(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "write_table", _broken)
    ended = command("--verbose", "plugins")
    assert ended.code == 1
    assert "Traceback (most recent call last)" in ended.err
    assert "_broken" in ended.err


def _broken(*args: Any) -> None:
    raise ZeroDivisionError("over\nzero")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nodes", "media.fil", "--json"), "Did you mean media.file?"),
        (("nodes", "--json", "no.such"), "no node type 'no.such'"),
        (("nodes", "a", "b", "--json"), "extra argument"),
        (("plugins", "--json", "--bogus"), "--bogus"),
        (("check", "--json"), "GRAPH"),
        (("rum", "--json"), "rum"),
    ],
)
def test_an_error_is_a_document_for_who_asked_for_one(command: Any, arguments: tuple[str, ...], told: str) -> None:
    ended = command(*arguments)
    document = json.loads(ended.out)
    assert (ended.code, ended.err, document["ok"]) == (2, "", False)
    assert told in document["error"]


def test_a_bug_is_a_document_too(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "asdict", _broken)
    ended = command("plugins", "--json")
    assert (ended.code, ended.err) == (1, "")
    assert json.loads(ended.out)["error"] == "livegraph: ZeroDivisionError: over zero"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("nodes",), ("nodes", "--json"), ("schema",)])
def test_a_full_disk_behind_stdout_is_told_without_a_traceback(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        call = [sys.executable, "-m", "livegraph", *arguments]
        ended = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "[Errno 28] No space left on device"
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("file", ["/dev/full", "/no/such/folder/x.json"])
def test_a_file_that_cannot_be_written_is_named(command: Any, file: str) -> None:
    ended = command("schema", "--output", file)
    assert ended.code == 1
    assert ended.err.startswith(f"cannot write {file}: No s")


class Talkative:
    livegraph_api = "1"

    @hookimpl
    def livegraph_commands(self, app: typer.Typer) -> None:
        @app.command()
        def greet(name: str) -> None:
            """Say hello."""
            typer.echo(f"hello {name}")


class Faulty:
    livegraph_api = "1"

    @hookimpl
    def livegraph_commands(self, app: typer.Typer) -> None:
        raise RuntimeError("no commands today")


def test_a_plugin_adds_a_command(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_plugin(registry(), Talkative(), "talkative"):
        assert command("greet", "you").out == "hello you\n"
        assert "Say hello." in command("--help").out


def test_a_plugin_that_cannot_add_commands_harms_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with temporary_plugin(registry(), Faulty(), "faulty"), temporary_plugin(registry(), Talkative(), "talkative"):
        assert "greet" in plugin_commands()
    assert "plugin faulty: its commands cannot be added: RuntimeError('no commands today')" in capsys.readouterr().err


LOOK = """
import json, sys
sys.argv = ["livegraph", *sys.argv[1:]]
from livegraph.cli.main import run
try:
    run()
finally:
    print(json.dumps([name for name in ("torch", "cv2", "av", "pygame", "fastapi", "mlx") if name in sys.modules]))
"""


@pytest.mark.parametrize("argument", ["--help", "nodes", "plugins"])
def test_a_look_around_imports_nothing_heavy(argument: str) -> None:
    look = subprocess.run([sys.executable, "-c", LOOK, argument], capture_output=True, text=True, check=True)
    assert json.loads(look.stdout.splitlines()[-1]) == []
