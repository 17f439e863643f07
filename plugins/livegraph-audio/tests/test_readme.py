from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from livegraph import NodeSpec
from livegraph_audio import plugin

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_parameter_and_port_of_every_node_stands_in_the_readme(spec: NodeSpec) -> None:
    module, name = str(spec.target).split(":")
    node = getattr(importlib.import_module(module), name)
    section = README.split(f"## {spec.type}\n")[1].split("\n## ")[0]
    for parameter, field in node.Params.model_fields.items():
        assert f"| `{parameter}` | `{str(field.default).lower()}`" in section
    for port in (*node.inputs, *node.outputs):
        assert f"`{port}`" in section
