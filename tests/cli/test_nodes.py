from __future__ import annotations

import json
from typing import Any


def test_the_list_has_a_line_for_each_node(command: Any, scripted: Any) -> None:
    lines = command("nodes").out.splitlines()
    assert any(line.split() == ["test.source", "Frames", "at", "a", "steady", "rate"] for line in lines)
    assert any(line.startswith("core.lfo ") for line in lines)


def test_the_list_as_json_names_the_plugins(command: Any, scripted: Any) -> None:
    found = {item["type"]: item["plugin"] for item in json.loads(command("nodes", "--json").out)}
    assert found["test.slow"] == "scripted"
    assert found["core.lfo"] == "core"


def test_one_node_shows_ports_and_parameters(command: Any, scripted: Any) -> None:
    text = command("nodes", "test.slow").out
    for part in ("Passes frames on after a while", "primary", "service_ms", "10.0 ms", ">= 0", "0..1", "time per call"):
        assert part in text


def test_one_node_as_json(command: Any, scripted: Any) -> None:
    node = json.loads(command("nodes", "test.pair", "--json").out)
    params = {param["name"]: param for param in node["params"]}
    assert [(port["name"], port["primary"], port["optional"]) for port in node["inputs"]] == [
        ("video", True, False),
        ("other", False, True),
    ]
    assert params["service_ms"]["live"] is True
    assert params["take"] | {"doc": ""} == {
        "name": "take",
        "type": "int",
        "required": False,
        "default": 1,
        "limits": {"ge": 1},
        "choices": [],
        "unit": None,
        "live": False,
        "remote": True,
        "doc": "",
    }


def test_choices_are_listed(command: Any) -> None:
    assert "sine | triangle | saw" in command("nodes", "core.lfo").out


def test_an_unknown_node_offers_the_nearest(command: Any) -> None:
    ended = command("nodes", "core.lfoo")
    assert ended.code == 2
    assert ended.err == "no node type 'core.lfoo'. Did you mean core.lfo?\n"
