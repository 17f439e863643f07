from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from livegraph import Node, NodeSpec
from livegraph_vision import plugin


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_node_is_where_its_spec_says_and_is_documented(spec: NodeSpec) -> None:
    assert isinstance(spec.target, str) and spec.summary
    module, name = spec.target.split(":")
    node = getattr(importlib.import_module(module), name)
    assert issubclass(node, Node) and node.__doc__
    assert all(field.description for field in node.Params.model_fields.values())


def test_every_converter_is_where_its_spec_says() -> None:
    for spec in plugin.livegraph_converters():
        module, name = spec.target.split(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_listing_nodes_and_reading_their_ports_imports_no_opencv() -> None:
    code = (
        "import importlib, sys, livegraph_vision.plugin as p\n"
        "for spec in p.livegraph_nodes(): importlib.import_module(spec.target.split(':')[0])\n"
        "assert 'cv2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
