"""The plugin guide's first section for real: a plugin is begun, built, installed beside livegraph, run and tested.

The environment is a new one. livegraph and the plugins that the graph needs come from wheels built of this checkout.
What they depend on is linked from the environment that runs the tests, which saves minutes and the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from docs_support import ROOT, prose

BUILT = {".": "livegraph", "plugins/livegraph-media": "livegraph-media", "plugins/livegraph-window": "livegraph-window"}


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that has to succeed, without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHONPATH", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"SDL_VIDEODRIVER": "dummy", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1"}
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def needed(name: str, seen: set[str]) -> Iterator[Distribution]:
    """A distribution's dependencies that are installed here, and theirs."""
    for line in distribution(name).requires or ():
        other = re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")
        if other in seen or "extra ==" in line or other == "livegraph":
            continue
        seen.add(other)
        try:
            yield distribution(other)
        except PackageNotFoundError:  # for another system or Python
            continue
        yield from needed(other, seen)


def link(found: Distribution, site: Path) -> None:
    """Make an installed distribution visible in another environment."""
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        target = Path(str(found.locate_file(top)))
        if target.exists() and not (site / top).exists():
            (site / top).symlink_to(target)


def build(folder: Path, wheels: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    run(*pip, wheels, folder, cwd=folder)


def copied(folder: str, into: Path) -> Path:
    """A copy of a project without what an earlier build or a run left in it."""
    ours = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "docs", "plugins", "out")
    return Path(shutil.copytree(ROOT / folder, into, ignore=ours))


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A new virtual environment that holds livegraph's dependencies and pytest, and neither livegraph nor pip."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    seen: set[str] = set()
    for name in (*BUILT.values(), "pytest"):
        for found in needed(name, seen):
            link(found, site)
    link(distribution("pytest"), site)
    return home


def test_the_guides_first_section(environment: Path, tmp_path: Path) -> None:
    bin, wheels, plugin = environment / "bin", tmp_path / "wheels", tmp_path / "livegraph-acme"
    run(sys.executable, "-m", "livegraph", "new", "plugin", "acme", cwd=tmp_path)
    for number, folder in enumerate(BUILT):
        build(copied(folder, tmp_path / f"project-{number}"), wheels)
    build(plugin, wheels)
    pip = [sys.executable, "-m", "pip", "--python", bin / "python", "install", "--quiet", "--no-deps"]
    run(*pip, *wheels.glob("*.whl"), cwd=tmp_path)

    found = json.loads(run(bin / "livegraph", "plugins", "--json", cwd=tmp_path))
    assert {info["name"]: info["state"] for info in found} == dict.fromkeys(
        ("acme", "core", "media", "window"), "loaded"
    )
    assert "trail" in run(bin / "livegraph", "nodes", "acme.fade", cwd=tmp_path)
    graph = plugin / "graphs" / "acme.yaml"
    run(bin / "livegraph", "check", graph, cwd=tmp_path)
    run(bin / "livegraph", "run", graph, "--duration", "2s", "--stats", "figures.json", cwd=tmp_path)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["sinks"]["record"]["frames"] > 5
    assert list((tmp_path / "out").glob("acme-*.mp4"))
    assert " passed" in run(bin / "python", "-m", "pytest", "-p", "no:cacheprovider", plugin, cwd=tmp_path)


def test_the_guide_shows_these_commands() -> None:
    page = (ROOT / "docs/plugin-guide.md").read_text(encoding="utf-8")
    begin = page.partition("\n## Begin\n")[2].partition("\n## ")[0]
    for command in ("livegraph new plugin acme", "livegraph nodes acme.fade", "graphs/acme.yaml --duration", "pytest"):
        assert command in begin
    assert prose(ROOT / "docs/plugin-guide.md").count("\n## ") > 8
