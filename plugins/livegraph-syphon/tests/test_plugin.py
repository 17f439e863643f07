"""The plugin as livegraph sees it: on a Mac and elsewhere, with syphon-python and without."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from syphon_support import PLUGINS, built, registry

from livegraph import GraphError, InputError, NodeSpec
from livegraph.graph import load_plan
from livegraph.testing import run_graph
from livegraph_syphon import library, plugin
from livegraph_syphon.input import SyphonIn
from livegraph_syphon.output import SyphonOut

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
NODES = [(SyphonIn, "syphon.in"), (SyphonOut, "syphon.out")]
LIGHT = """
import sys
from livegraph_syphon import plugin
for spec in plugin.livegraph_nodes():
    __import__(spec.target.split(":")[0])
assert not {"syphon", "objc"} & set(sys.modules)
"""


def node_of(spec: NodeSpec) -> type:
    module, name = str(spec.target).split(":")
    return getattr(importlib.import_module(module), name)


def test_listing_and_describing_the_nodes_imports_no_syphon() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=FOLDER / "src", timeout=60)


@pytest.mark.parametrize(("node", "use"), NODES)
def test_elsewhere_a_node_is_listed_and_says_that_it_needs_a_mac(
    monkeypatch: pytest.MonkeyPatch, node: type, use: str
) -> None:
    monkeypatch.setattr(library, "PLATFORM", "linux")
    assert use in registry().nodes()
    with pytest.raises(InputError, match=rf"^{use} needs macOS"):
        built(node).setup()
    built(node).teardown()


@pytest.mark.parametrize(("node", "use"), NODES)
def test_on_a_mac_without_the_library_a_node_says_what_to_type(
    mac: object, monkeypatch: pytest.MonkeyPatch, node: type, use: str
) -> None:
    monkeypatch.setattr(library, "NAME", "syphon_that_is_not_installed")
    with pytest.raises(InputError, match=r"not installed \(pip install syphon-python\)"):
        built(node).setup()


def test_elsewhere_a_graph_with_a_source_is_refused_and_a_further_sink_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "PLATFORM", "linux")
    camera, end = {"use": "test.source", "params": {"frames": 1}}, {"use": "test.collect", "in": "camera"}
    with pytest.raises(GraphError, match=r"syphon.in cannot run here: syphon.in needs macOS"):
        run_graph({"livegraph": 1, "nodes": {"camera": {"use": "syphon.in"}, "end": end}}, plugins=PLUGINS)
    nodes = {"camera": camera, "end": end, "out": {"use": "syphon.out", "in": "camera"}}
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok and "out" not in result.stats["nodes"]


@pytest.mark.parametrize(("node", "param"), [(SyphonIn, "server"), (SyphonOut, "name")])
def test_names_of_the_machine_are_not_set_from_outside(node: type, param: str) -> None:
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
