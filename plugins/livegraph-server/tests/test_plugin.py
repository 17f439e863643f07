from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import livegraph_server
from livegraph import Node, NodeSpec
from livegraph_server import plugin


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_node_is_where_its_spec_says_and_is_documented(spec: NodeSpec) -> None:
    assert isinstance(spec.target, str) and spec.summary
    module, name = spec.target.split(":")
    node = getattr(importlib.import_module(module), name)
    assert issubclass(node, Node) and node.__doc__
    assert all(field.description for field in node.Params.model_fields.values())


def test_listing_nodes_and_reading_their_ports_imports_no_server() -> None:
    code = (
        "import importlib, sys, livegraph_server.plugin as p\n"
        "for spec in p.livegraph_nodes(): importlib.import_module(spec.target.split(':')[0])\n"
        "assert not {'fastapi', 'uvicorn', 'simplejpeg', 'prometheus_client', 'psutil'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names_are_these() -> None:
    assert livegraph_server.__all__ == ["Input", "Output", "Server"]
    assert all(getattr(livegraph_server, name) for name in livegraph_server.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Sever'"):
        _ = livegraph_server.Sever
