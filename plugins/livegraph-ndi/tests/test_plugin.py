"""The plugin as livegraph sees it, with cyndilib and without."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from ndi_support import PLUGINS, built, registry

from livegraph import GraphError, InputError, NodeSpec
from livegraph.graph import load_plan
from livegraph.testing import run_graph
from livegraph_ndi import library, plugin
from livegraph_ndi.input import NdiIn
from livegraph_ndi.output import NdiOut

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
LIGHT = """
import sys
from livegraph_ndi import plugin
for spec in plugin.livegraph_nodes():
    __import__(spec.target.split(":")[0])
assert "cyndilib" not in sys.modules
"""


def node_of(spec: NodeSpec) -> type:
    module, name = str(spec.target).split(":")
    return getattr(importlib.import_module(module), name)


def test_listing_and_describing_the_nodes_imports_no_cyndilib() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=FOLDER / "src", timeout=60)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "NAME", "cyndilib_that_is_not_installed")


def test_without_cyndilib_the_nodes_are_listed(without: None) -> None:
    assert {"ndi.in", "ndi.out"} <= registry().nodes().keys()


@pytest.mark.parametrize("node", [NdiIn, NdiOut])
def test_without_cyndilib_a_node_says_what_to_do(without: None, node: type) -> None:
    with pytest.raises(InputError, match=r"cyndilib.* is not installed \(pip install cyndilib\)"):
        built(node).setup()
    built(node).teardown()


def test_without_cyndilib_a_graph_with_a_source_is_refused_and_a_further_sink_left_out(without: None) -> None:
    camera, end = {"use": "test.source", "params": {"frames": 1}}, {"use": "test.collect", "in": "camera"}
    with pytest.raises(GraphError, match=r"ndi.in cannot run here: cyndilib.*pip install"):
        run_graph({"livegraph": 1, "nodes": {"camera": {"use": "ndi.in"}, "end": end}}, plugins=PLUGINS)
    nodes = {"camera": camera, "end": end, "out": {"use": "ndi.out", "in": "camera"}}
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok
    assert "out" not in result.stats["nodes"]


def test_a_runtime_that_does_not_load_is_said(ndi: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise ImportError("libndi.so: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(InputError, match=r"NDI runtime cannot be loaded \(libndi.so"):
        library.load()


@pytest.mark.parametrize(("node", "param"), [(NdiIn, "source"), (NdiOut, "name")])
def test_names_of_the_network_are_not_set_from_outside(node: type, param: str) -> None:
    assert node.Params.model_fields[param].json_schema_extra["remote"] is False


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
