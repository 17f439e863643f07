from __future__ import annotations

import json
from typing import Any

import pytest
from home_assistant import check
from hypothesis import given
from hypothesis import strategies as st

from livegraph import Knob
from livegraph_mqtt import discovery
from livegraph_mqtt.discovery import Device, document, step
from livegraph_mqtt.topics import Topics

DEVICE = Device("show-1", "the show")


def knob(address: str, kind: Any, **more: Any) -> Knob:
    node, _, param = address.rpartition(".")
    node = more.pop("node", node)
    return Knob(address, node, more.pop("param", param), kind, None, **more)


def told(*knobs: Knob, presets: tuple[str, ...] = (), statistics: bool = True) -> dict[str, Any]:
    by_address = {each.address: each for each in knobs}
    made = document(DEVICE, Topics("base", by_address), by_address, presets, statistics)
    return check(discovery.topic("homeassistant", DEVICE), json.dumps(made))


def test_every_kind_is_what_a_person_would_want() -> None:
    made = told(
        knob("a.ratio", "number", low=0, high=1),
        knob("a.count", "integer", low=1, high=16, unit="frames"),
        knob("a.free", "number"),
        knob("a.on", "switch"),
        knob("a.shape", "choice", choices=("sine", 2, True)),
        knob("a.prompt", "text"),
        knob("a.crop", "other"),
        presets=("ink",),
    )["components"]
    platforms = {key: each["platform"] for key, each in made.items()}
    assert platforms == {
        **{"node-a-ratio": "number", "node-a-count": "number", "node-a-free": "number", "node-a-on": "switch"},
        **{"node-a-shape": "select", "node-a-prompt": "text", "undo": "button", "reset": "button"},
        **{"preset": "select", "fps": "sensor", "age": "sensor", "health": "sensor"},
    }
    assert made["node-a-ratio"]["step"] == 0.01 and made["node-a-ratio"]["mode"] == "slider"
    assert made["node-a-count"] | {"step": 1, "unit_of_measurement": "frames"} == made["node-a-count"]
    assert made["node-a-free"]["mode"] == "box" and made["node-a-free"]["min"] == -discovery.UNBOUNDED
    assert made["node-a-shape"]["options"] == ["sine", "2", "ON"]
    assert made["node-a-prompt"]["state_topic"] == "base/a/prompt/state"
    assert made["preset"]["options"] == ["ink"] and made["preset"]["command_topic"] == "base/preset/set"


def test_what_a_control_turns_is_there_but_off() -> None:
    control = knob("trail", "number", low=0, high=1, node="a", param="ratio", control=True)
    made = told(control, knob("a.ratio", "number", low=0, high=1), statistics=False)["components"]
    assert "entity_category" not in made["control-trail"] and "fps" not in made
    assert made["node-a-ratio"] | {"enabled_by_default": False, "entity_category": "config"} == made["node-a-ratio"]


def test_a_range_without_room_is_left_out() -> None:
    assert "node-a-x" not in told(knob("a.x", "integer", low=3, high=3))["components"]


@pytest.mark.parametrize(("high", "expected"), [(1, 0.01), (2000, 10), (0.01, 0.001), (100, 1), (255, 1)])
def test_steps(high: float, expected: float) -> None:
    assert step(knob("a.x", "number", low=0, high=high)) == expected


numbers = st.one_of(st.none(), st.floats(-1e9, 1e9, allow_nan=False))


@given(st.sampled_from(["number", "integer"]), numbers, numbers)
def test_whatever_the_range_the_document_is_one(kind: str, low: float | None, high: float | None) -> None:
    told(knob("a.x", kind, low=low, high=high))


def test_the_check_itself_refuses() -> None:
    good = document(DEVICE, Topics("base", {}), {}, (), True)
    for spoil in ({"cmps": {"x": {"p": "number"}}}, {"o": {}}, {"dev": {"name": "x"}}, {"avty_t": "a/#"}):
        with pytest.raises(AssertionError):
            check("homeassistant/device/x/config", json.dumps({**good, **spoil}))
    with pytest.raises(AssertionError):
        check("homeassistant/device/a b/config", json.dumps(good))
