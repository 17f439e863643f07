from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORE = {"numpy", "pydantic", "pluggy", "networkx", "nvidia-ml-py", "pyyaml", "typer", "rich", "ruamel.yaml"}
DEFAULT = (
    "livegraph-media",
    "livegraph-vision",
    "livegraph-window",
    "livegraph-wan",
    "livegraph-server",
    "livegraph-webrtc",
    "livegraph-audio",
    "livegraph-mqtt",
    "livegraph-osc",
)
OPTIONAL = ("livegraph-midi", "livegraph-ndi", "livegraph-spout", "livegraph-syphon", "livegraph-virtualcam")
"""Each installed by itself: other systems, other licences."""


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in requirements}


def test_livegraph_alone_brings_neither_torch_nor_opencv_nor_pyav() -> None:
    assert names(project(ROOT)["dependencies"]) == CORE


@pytest.mark.parametrize("name", DEFAULT + OPTIONAL)
def test_a_plugin_is_a_distribution_of_its_own(name: str) -> None:
    found = project(ROOT / "plugins" / name)
    module = name.replace("-", "_")
    assert found["name"] == name
    assert "livegraph" in names(found["dependencies"])
    assert f"{module}.plugin" in found["entry-points"]["livegraph"].values()
    assert (ROOT / "plugins" / name / "src" / module / "py.typed").exists()


def test_requirements_install_livegraph_and_the_default_plugins() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line.startswith("-e")] == ["-e .", *(f"-e plugins/{name}" for name in DEFAULT)]


def test_torch_is_pinned_once_within_the_range_of_the_plugin_that_needs_it() -> None:
    pins = re.findall(r"^torch==(\d+\.\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert len(pins) == 1
    (wanted,) = [line for line in project(ROOT / "plugins/livegraph-wan")["dependencies"] if line.startswith("torch")]
    assert not wanted.startswith("torch=="), "a pin in a plugin keeps others from installing it"
