"""What the plugin brings, and that its page tells all of it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from livegraph import NodeSpec
from livegraph_webrtc import plugin

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_parameter_and_port_of_every_node_stands_in_the_readme(spec: NodeSpec) -> None:
    module, name = str(spec.target).split(":")
    node = getattr(importlib.import_module(module), name)
    section = README.split(f"## {spec.type}\n")[1].split("\n## ")[0]
    for parameter, field in node.Params.model_fields.items():
        row = next(line for line in section.splitlines() if f"`{parameter}`" in line.split(" | ")[0])
        extra = field.json_schema_extra
        assert field.is_required() or not field.default or f"`{field.default}`" in row
        assert ("| yes |" in row) == (isinstance(extra, dict) and bool(extra["live"]))
    for port in (*node.inputs, *node.outputs):
        assert f"`{port}`" in section


def test_services_can_be_made() -> None:
    for spec in plugin.livegraph_services():
        module, name = spec.target.split(":")
        getattr(importlib.import_module(module), name)().close()


@pytest.mark.parametrize("module", ["plugin", "input", "output"])
def test_what_is_imported_to_look_at_nodes_brings_nothing_heavy(module: str) -> None:
    heavy = "{'av', 'aiortc', 'fastapi', 'uvicorn'}"
    code = f"import sys, livegraph_webrtc.{module}; print(*{heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout.strip(), result.stderr) == ("", "")
