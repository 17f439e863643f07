"""The plugin as livegraph sees it: with pyvirtualcam and without, with a device and without."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from vcam_support import PLUGINS, built, registry

from livegraph import GraphError, InputError, NodeSpec
from livegraph.graph import load_plan
from livegraph.testing import run_graph
from livegraph_virtualcam import library, plugin
from livegraph_virtualcam.output import VirtualCam

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
LIGHT = """
import sys
from livegraph_virtualcam import plugin
for spec in plugin.livegraph_nodes():
    __import__(spec.target.split(":")[0])
assert "pyvirtualcam" not in sys.modules
"""


def node_of(spec: NodeSpec) -> type:
    module, name = str(spec.target).split(":")
    return getattr(importlib.import_module(module), name)


def test_listing_and_describing_the_node_imports_no_pyvirtualcam() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=FOLDER / "src", timeout=60)


def test_without_pyvirtualcam_the_node_is_listed_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "NAME", "pyvirtualcam_that_is_not_installed")
    assert "vcam.out" in registry().nodes()
    with pytest.raises(InputError, match=r"not installed \(pip install pyvirtualcam; it is GPLv2\)"):
        built().setup()
    built().teardown()


def test_without_a_device_the_node_says_what_to_do(vcam: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"virtual camera /dev/video-none is not there; .*modprobe v4l2loopback"):
        built(device="/dev/video-none").setup()
    monkeypatch.setattr(library, "LOOPBACKS", Path("/nowhere"))
    with pytest.raises(InputError, match=r"no virtual camera is there; .*sudo modprobe v4l2loopback devices=1"):
        built().setup()


@pytest.mark.parametrize(
    ("platform", "way"), [("darwin", "install OBS 30"), ("win32", "Unity Capture"), ("haiku", "none")]
)
def test_the_way_out_of_each_platform(
    vcam: ModuleType, monkeypatch: pytest.MonkeyPatch, platform: str, way: str
) -> None:
    monkeypatch.setattr(library, "PLATFORM", platform)
    assert library.why_not("auto") is None, "only opening tells"
    assert way in library.way_out()


def test_where_it_cannot_be_it_is_left_out_beside_another_sink_and_refused_alone(
    vcam: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LOOPBACKS", Path("/nowhere"))
    nodes = {
        "scene": {"use": "test.source", "params": {"frames": 1}},
        "camera": {"use": "vcam.out", "in": "scene"},
        "end": {"use": "test.collect", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok and "camera" not in result.stats["nodes"]
    del nodes["end"]
    with pytest.raises(GraphError, match=r"vcam.out cannot run here: no virtual camera is there; .*modprobe"):
        run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)


def test_the_device_is_not_set_from_outside() -> None:
    assert VirtualCam.Params.model_fields["device"].json_schema_extra["remote"] is False


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_parameter_stands_in_the_readme(spec: NodeSpec) -> None:
    section = README.split(f"## {spec.type}\n")[1].split("\n## ")[0]
    for name, field in node_of(spec).Params.model_fields.items():
        assert f"| `{name}` | `{field.default}` |" in section


def graphs() -> list[str]:
    """The README's indented blocks that are graphs."""
    blocks = "\n".join(line[4:] if line.startswith("    ") else "\f" * bool(line) for line in README.splitlines())
    return [block for block in blocks.split("\f") if block.strip().startswith("livegraph: 1")]


def test_there_is_a_graph_in_the_readme() -> None:
    assert graphs()


@pytest.mark.parametrize("graph", graphs())
def test_the_graphs_of_the_readme_check(graph: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(graph.strip() + "\n", encoding="utf-8")
    load_plan(path, registry=registry(), env={}, availability=False)
