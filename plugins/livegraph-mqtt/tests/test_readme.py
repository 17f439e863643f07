"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from livegraph import Knob
from livegraph.graph import plan_graph
from livegraph.params import Params
from livegraph.registry import Registry
from livegraph_mqtt import discovery
from livegraph_mqtt.controller import Mqtt
from livegraph_mqtt.signal import MqttSignal
from livegraph_mqtt.topics import Command, Topics

TEXT = (Path(__file__).parents[1] / "README.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| (in|out) \| (\w+) \|", re.MULTILINE)
KNOBS = {
    "NAME": Knob("NAME", "NODE", "PARAM", "number", 0, control=True),
    "NODE.PARAM": Knob("NODE.PARAM", "NODE", "PARAM", "number", 0),
}
COMMANDS = {
    "BASE/NODE/PARAM/set": Command("set", "NODE.PARAM"),
    "BASE/control/NAME/set": Command("set", "NAME"),
    "BASE/set": Command("transaction"),
    "BASE/preset/set": Command("preset"),
    "BASE/undo": Command("undo"),
    "BASE/reset": Command("reset"),
}


def test_the_table_of_topics_is_what_is_spoken() -> None:
    topics = Topics("BASE", KNOBS)
    rows = {topic: (way, retained) for topic, way, retained in ROW.findall(TEXT)}
    told = discovery.topic("homeassistant", discovery.Device("ID", "name"))
    out = {topics.state("NODE.PARAM"), topics.state("NAME"), topics.availability, told}
    assert {topic for topic, kind in rows.items() if kind == ("out", "yes")} == out
    assert {topic for topic, kind in rows.items() if kind == ("out", "no")} == {topics.stats}
    incoming = {topic for topic, kind in rows.items() if kind == ("in", "ignored")}
    assert incoming == {*COMMANDS, "homeassistant/status"}
    assert {topic: topics.command(topic) for topic in COMMANDS} == COMMANDS


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("model", [Mqtt.Params, MqttSignal.Params])
def test_every_parameter_stands_there_with_its_default(model: type[Params]) -> None:
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{_shown(field.default)}`" if field.default != "" else ""
        extra = field.json_schema_extra
        live = (" yes |" if isinstance(extra, dict) and extra["live"] else " |") if model is MqttSignal.Params else ""
        assert re.sub(" +", " ", f"| `{name}` | {default} |{live} {field.description} |") in TEXT


def test_the_graph_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    plan = plan_graph(yaml.safe_load(block), registry=Registry(), env={"MQTT_PASSWORD": "a-long-secret"})
    (controller,) = plan.controllers
    assert controller.name == "mqtt" and controller.params.password == "a-long-secret"  # type: ignore[attr-defined]
