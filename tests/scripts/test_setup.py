"""scripts/setup in a small project of its own: real environments, and next to nothing to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOOLS = ("bash", "cat", "cksum", "dirname", "grep", "mkdir", "mv", "readlink", "rm", "sed", "tail", "uname")


class Project:
    """A folder with our scripts in it, and requirements that ask for nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(SCRIPTS, root / "scripts")
        (root / "requirements.txt").write_text("# nothing\n")
        (root / "requirements-dev.txt").write_text("# nothing\n")
        (root / "pyproject.toml").write_text("[project]\nname = 'small'\n")

    def run(self, script: str, *args: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / "scripts" / script), *args]
        return subprocess.run(
            command, cwd="/", env={**os.environ, **env}, capture_output=True, text=True, check=check, timeout=100
        )

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def stamps(self) -> set[str]:
        return {path.name for path in self.venv.glob(".stamp-*")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One environment for the tests that leave it whole."""
    project = Project(tmp_path_factory.mktemp("project with a space"))
    project.run("setup")
    command = project.venv / "bin" / "livegraph"
    command.write_text('#!/bin/sh\necho "called with: $*"\n')
    command.chmod(0o755)
    yield project


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    return Project(tmp_path / "fresh")


def test_the_second_call_does_nothing_and_says_nothing(project: Project) -> None:
    before = (project.venv / "setup.log").stat().st_mtime_ns
    again = project.run("setup")
    assert (again.stdout, again.stderr) == ("", "")
    assert (project.venv / "setup.log").stat().st_mtime_ns == before


def test_a_symlink_from_another_folder_finds_its_way(project: Project, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(project.root / "scripts" / "livegraph")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "second").symlink_to("../first")
    called = subprocess.run(["./bin/second", "a b", "c"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert called.stdout == "called with: a b c\n"


def test_a_changed_requirement_is_noticed(project: Project) -> None:
    (project.root / "pyproject.toml").write_text("[project]\nname = 'small'\nversion = '2'\n")
    assert "livegraph, its plugins and what they need ..." in project.run("setup").stderr
    assert project.run("setup").stderr == ""


def test_tools_for_tests_are_stamped_apart(project: Project) -> None:
    assert "tools for tests" in project.run("setup", "--dev").stderr
    assert project.stamps() == {".stamp-runtime", ".stamp-dev"}
    (project.root / "requirements-dev.txt").write_text("# still nothing\n")
    assert project.run("setup").stderr == ""
    assert "tools for tests" in project.run("setup", "--dev").stderr


def test_what_fails_is_shown_with_the_way_out_and_can_be_repeated(project: Project) -> None:
    whole = (project.root / "requirements.txt").read_text()
    (project.root / "requirements.txt").write_text("./no-such-thing.whl\n")
    failed = project.run("setup", check=False)
    assert failed.returncode == 1
    assert "no-such-thing.whl" in failed.stderr
    assert "Call this again to go on" in failed.stderr
    assert failed.stdout == ""
    assert project.run("setup", check=False).returncode == 1, "a failure must not be taken for done"
    (project.root / "requirements.txt").write_text(whole)
    project.run("setup")
    assert project.run("setup").stderr == ""


def test_an_interrupted_set_up_is_repeated_and_two_calls_at_once_take_turns(fresh: Project) -> None:
    fresh.venv.mkdir()
    (fresh.venv / ".unfinished").touch()
    (fresh.venv / "half").touch()
    both = [
        subprocess.Popen([fresh.root / "scripts" / "setup"], stderr=subprocess.PIPE, text=True, cwd="/")
        for _ in range(2)
    ]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert not (fresh.venv / "half").exists()
    assert sum("making it afresh" in text for text in said) == 1
    assert sum("waiting for it" in text for text in said) == 1
    assert fresh.stamps() == {".stamp-runtime"}


def test_torch_comes_first_and_by_itself(fresh: Project, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "torch-9.9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("torch-9.9.9.dist-info/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 9.9.9\n")
        wheel.writestr("torch-9.9.9.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("torch-9.9.9.dist-info/RECORD", "")
    (fresh.root / "requirements.txt").write_text("# a comment\ntorch==9.9.9  # pinned\n")
    said = fresh.run("setup", PIP_FIND_LINKS=str(tmp_path), PIP_NO_INDEX="1").stderr
    steps = [line.strip() for line in said.splitlines() if " ... " in line]
    assert steps[1].startswith("torch==9.9.9")
    assert steps[2].startswith("livegraph, its plugins")
    assert "already satisfied: torch==9.9.9" in (fresh.venv / "setup.log").read_text()


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH without Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def _fake(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def _needs_no_python_elsewhere() -> None:
    if any(Path(folder, "python3").exists() for folder in ("/opt/homebrew/bin", "/usr/local/bin")):
        pytest.skip("a Python lies where Homebrew puts it")


@pytest.mark.parametrize(
    ("system", "tool", "line"), [("Linux", "apt-get", "sudo apt-get install python3 python3-venv")]
)
def test_without_python_the_line_to_type_is_printed(
    fresh: Project, bare_path: Path, system: str, tool: str, line: str
) -> None:
    _needs_no_python_elsewhere()
    (bare_path / "uname").unlink()
    _fake(bare_path, "uname", f"echo {system}")
    _fake(bare_path, tool, "true")
    failed = fresh.run("setup", check=False, PATH=str(bare_path))
    assert failed.returncode == 1
    assert "Python 3.11 or newer" in failed.stderr
    assert line in failed.stderr
    assert not fresh.venv.exists()


def test_on_a_mac_the_line_is_for_homebrew(fresh: Project, bare_path: Path) -> None:
    _needs_no_python_elsewhere()
    (bare_path / "uname").unlink()
    _fake(bare_path, "uname", "echo Darwin")
    assert "brew install python" in fresh.run("setup", check=False, PATH=str(bare_path)).stderr


def test_a_python_without_venv_is_told_from_no_python(fresh: Project, bare_path: Path) -> None:
    _needs_no_python_elsewhere()
    _fake(bare_path, "apt-get", "true")
    _fake(bare_path, "python3", 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac')
    failed = fresh.run("setup", check=False, PATH=str(bare_path))
    assert failed.returncode == 1
    assert "sudo apt-get install python3.11-venv" in failed.stderr


def test_wrong_usage(project: Project) -> None:
    assert project.run("setup", "--all", check=False).returncode == 1
