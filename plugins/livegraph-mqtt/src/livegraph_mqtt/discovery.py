"""What Home Assistant is told: one retained document for the whole device, which it makes its entities of.

Keys are Home Assistant's abbreviations (https://www.home-assistant.io/integrations/mqtt/#discovery-payload).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livegraph import Knob, __version__
from livegraph_mqtt.payload import options
from livegraph_mqtt.topics import Topics

LONGEST_TEXT = 255
"""Characters of a state in Home Assistant; a longer one would count as unknown, so it sees the beginning."""
UNBOUNDED = 1e6
"""How far a number without a range goes in Home Assistant, which asks for one."""
LEAST_STEP = 0.001
Component = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    """`id`: letters, digits, `_` and `-`; entities keep their history by it."""

    id: str
    name: str


def topic(prefix: str, device: Device) -> str:
    return f"{prefix}/device/{device.id}/config"


def document(
    device: Device, topics: Topics, knobs: Mapping[str, Knob], presets: Sequence[str], statistics: bool
) -> dict[str, Any]:
    """Every knob that a person can turn, flip, choose or type; presets, undo, reset; how the run fares."""
    components: dict[str, Component] = {}
    turned = {knob.target for knob in knobs.values() if knob.control}
    for address in topics.addresses:
        knob = knobs[address]
        made = _component(knob)
        if made is not None:
            made |= {"cmd_t": topics.set(address), "stat_t": topics.state(address), "name": _name(knob)}
            components[_key(knob)] = made | _rank(knob, turned)
    components |= _buttons(topics, presets)
    if statistics:
        components |= _sensors(topics)
    for key, made in components.items():
        made["uniq_id"] = f"{device.id}_{key}"
    return {
        "dev": {"ids": [device.id], "name": device.name, "mf": "livegraph", "mdl": "graph", "sw": __version__},
        "o": {"name": "livegraph-mqtt", "sw": __version__},
        "avty_t": topics.availability,
        "cmps": components,
    }


def step(knob: Knob) -> float | int:
    """A hundredth of the range, rounded down to a power of ten; whole numbers go by one."""
    if knob.kind == "integer":
        return 1
    if not knob.ranged or knob.low is None or knob.high is None or knob.high <= knob.low:
        return LEAST_STEP
    return float(max(round(10.0 ** math.floor(math.log10((knob.high - knob.low) / 100)), 6), LEAST_STEP))


def _component(knob: Knob) -> Component | None:
    match knob.kind:
        case "number" | "integer":
            return _number(knob)
        case "switch":
            return {"p": "switch", "pl_on": "ON", "pl_off": "OFF"}
        case "choice":
            return {"p": "select", "ops": options(knob)}
        case "text":
            return {"p": "text", "max": LONGEST_TEXT, "val_tpl": f"{{{{ value[:{LONGEST_TEXT}] }}}}"}
    return None


def _number(knob: Knob) -> Component | None:
    low = -UNBOUNDED if knob.low is None else knob.low
    high = max(UNBOUNDED, low + 1) if knob.high is None else knob.high
    low = min(low, high - 1) if knob.low is None else low
    if low >= high:
        return None  # nothing to turn
    made: Component = {"p": "number", "min": low, "max": high, "step": step(knob)}
    made["mode"] = "slider" if knob.ranged else "box"
    if knob.unit:
        made["unit_of_meas"] = knob.unit
    return made


def _rank(knob: Knob, turned: set[str]) -> Component:
    """Controls are the device's face; what a control turns already is there, but off until somebody wants it."""
    if knob.control:
        return {}
    return {"ent_cat": "config"} | ({"en": False} if knob.target in turned else {})


def _buttons(topics: Topics, presets: Sequence[str]) -> dict[str, Component]:
    made: dict[str, Component] = {
        "undo": {"p": "button", "name": "undo", "cmd_t": topics.undo, "pl_prs": "PRESS"},
        "reset": {"p": "button", "name": "reset", "cmd_t": topics.reset, "pl_prs": "PRESS"},
    }
    if presets:
        made["preset"] = {"p": "select", "name": "preset", "cmd_t": topics.preset, "ops": list(presets), "opt": True}
    return made


def _sensors(topics: Topics) -> dict[str, Component]:
    def sensor(name: str, unit: str | None = None) -> Component:
        measured = {"unit_of_meas": unit, "stat_cla": "measurement"} if unit else {}
        template = {"val_tpl": f"{{{{ value_json.{name} }}}}", "ent_cat": "diagnostic"}
        return {"p": "sensor", "name": name.split("_")[0], "stat_t": topics.stats, **template, **measured}

    return {"fps": sensor("fps", "fps"), "age": sensor("age_ms", "ms"), "health": sensor("health")}


def _key(knob: Knob) -> str:
    """One for each knob: a parameter's name has no `-`, so its end is told from a node's name."""
    return f"control-{knob.address}" if knob.control else f"node-{knob.node}-{knob.param}"


def _name(knob: Knob) -> str:
    return (knob.address if knob.control else f"{knob.node} {knob.param}").replace("_", " ")
