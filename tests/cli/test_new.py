from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from livegraph.cli.new import LAYOUT, render, tool


def test_a_new_plugin_stands_complete(command: Any, tmp_path: Path) -> None:
    ended = command("new", "plugin", "brand_new", "--path", tmp_path / "acme")
    assert ended.code == 0, ended.err
    assert f'{tool("pip")} install -e "{tmp_path / "acme"}[test]"' in ended.out
    files = {str(path.relative_to(tmp_path / "acme")) for path in (tmp_path / "acme").rglob("*") if path.is_file()}
    assert "src/livegraph_brand_new/plugin.py" in files
    assert len(files) == len(LAYOUT)
    project = tomllib.loads((tmp_path / "acme/pyproject.toml").read_text())["project"]
    assert project["name"] == "livegraph-brand-new"
    assert project["entry-points"]["livegraph"] == {"brand_new": "livegraph_brand_new.plugin"}


def test_commands_to_type_are_found_by_name_or_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Path(sys.executable).parent
    monkeypatch.setenv("PATH", "/nowhere")
    assert tool("pip") == str(ours / "pip")
    monkeypatch.setenv("PATH", str(ours))
    assert tool("pip") == "pip"


def test_nothing_is_left_to_fill_in() -> None:
    assert [file for file, text in render("acme").items() if "$" in text or "$" in file] == []


@pytest.mark.parametrize("name", ["Acme", "1st", "a-b", "class", "", "../x", "core"])
def test_a_bad_name_is_refused(command: Any, name: str) -> None:
    assert command("new", "plugin", name).code == 2


def test_a_folder_that_holds_something_is_left_alone(command: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    ended = command("new", "plugin", "acme", "--path", tmp_path)
    assert ended.code == 2
    assert "not empty" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_it_is_tidy(tmp_path: Path) -> None:
    _write(tmp_path)
    ruff, width = [sys.executable, "-m", "ruff"], ["--isolated", "--line-length", "120"]
    subprocess.run([*ruff, "check", *width, "--select", "E,F,I,UP,B", "."], cwd=tmp_path, check=True)
    subprocess.run([*ruff, "format", *width, "--check", "."], cwd=tmp_path, check=True)


def test_it_installs_and_passes_its_own_tests(tmp_path: Path) -> None:
    """Installed for this test alone: into a folder on the path, as pip does with --target."""
    _write(tmp_path)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", tmp_path / "site", tmp_path], check=True)
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert "4 passed" in tests.stdout


def _write(folder: Path) -> None:
    for file, text in render("acme").items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
