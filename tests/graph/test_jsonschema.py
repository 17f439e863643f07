from __future__ import annotations

import json
from typing import Any

import pytest

from livegraph import Node, NodeSpec, hookimpl
from livegraph.graph import json_schema
from livegraph.graph.feeds import FEED_KEYS
from livegraph.graph.references import EDGE_KEYS, REFERENCE_KEYS
from livegraph.graph.schema import GRAPH_KEYS, NODE_KEYS
from livegraph.registry import Registry


@pytest.fixture
def schema(registry: Registry) -> Any:
    return json.loads(json.dumps(json_schema(registry)))


def case(schema: Any, node_type: str) -> Any:
    cases = schema["definitions"]["node"]["allOf"]
    return next(entry["then"] for entry in cases if entry["if"]["properties"]["use"]["const"] == node_type)


def test_it_knows_every_key_that_the_loader_knows(schema: Any) -> None:
    definitions = schema["definitions"]
    assert set(schema["properties"]) == set(GRAPH_KEYS)
    assert set(definitions["node"]["properties"]) == set(NODE_KEYS)
    assert set(definitions["reference"]["anyOf"][1]["properties"]) == set(REFERENCE_KEYS)
    assert set(definitions["feed"]["properties"]) == set(FEED_KEYS)
    assert set(definitions["edge"]["anyOf"][1]["properties"]) == set(EDGE_KEYS)


def test_every_installed_node_has_its_parameters_in_it(schema: Any, registry: Registry) -> None:
    for name in registry.nodes():
        assert set(schema["definitions"][name].get("properties", {})) == set(registry.node(name).Params.model_fields)


def test_ports_parameters_and_what_is_required(schema: Any) -> None:
    assert case(schema, "t.camera")["properties"]["in"] is False
    ports = case(schema, "t.mix")["properties"]["in"]["anyOf"][1]["properties"]
    assert list(ports) == ["video", "other"]
    assert case(schema, "t.record")["required"] == ["params"]
    assert "required" not in case(schema, "t.mix")


def test_a_parameter_may_be_a_value_a_variable_or_a_wire(schema: Any) -> None:
    ratio = schema["definitions"]["t.filter"]["properties"]["ratio"]
    assert (ratio["default"], ratio["description"]) == (0.3, "share")
    value, variable, wire = ratio["anyOf"]
    assert (value["minimum"], value["maximum"]) == (0, 1)
    assert variable["pattern"].startswith(r"\$")
    assert wire == {"$ref": "#/definitions/feed"}
    assert schema["definitions"]["feed"]["required"] == ["from"]
    assert len(schema["definitions"]["t.filter"]["properties"]["count"]["anyOf"]) == 2


def test_a_node_that_cannot_be_loaded_is_named(registry: Registry) -> None:
    class Torn:
        livegraph_api = "1"

        @hookimpl
        def livegraph_nodes(self) -> list[NodeSpec]:
            return [NodeSpec("torn.node", "no_such_module:Node"), NodeSpec("torn.other", Node)]

    registry.add(Torn(), "torn")
    schema = json_schema(registry)
    assert "torn.node" in schema["definitions"]["node"]["properties"]["use"]["anyOf"][0]["enum"]
    assert "torn.node" not in schema["definitions"]
