"""Checks a discovery document as Home Assistant would, by the facts in `home_assistant.json`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("home_assistant.json").read_text())
TOPIC = re.compile(r"[^+#\x00]{1,65535}")


def check(topic: str, text: str) -> dict[str, Any]:
    """The document with every key in full; an AssertionError says what Home Assistant would not take. Stricter than it
    in one thing: it ignores what it does not know, and we do not send that.
    """
    assert re.fullmatch(FACTS["topic"], topic), topic
    document = _full(json.loads(text), "root")
    _fields(document, FACTS["root"], "the document")
    document["device"] = _full(document["device"], "device")
    _fields(document["device"], FACTS["device"], "device")
    assert any(document["device"].get(key) for key in FACTS["device"]["one_of"])
    document["origin"] = _full(document["origin"], "origin")
    _fields(document["origin"], FACTS["origin"], "origin")
    components = {key: _component(key, each) for key, each in document["components"].items()}
    ids = [each["unique_id"] for each in components.values()]
    assert len(ids) == len(set(ids))
    return document | {"components": components}


def _component(key: str, short: Mapping[str, Any]) -> dict[str, Any]:
    made = _full(short, "component")
    assert made.get("platform") in FACTS["platforms"], key
    facts = FACTS["platforms"][made["platform"]]
    common = FACTS["component"]
    _fields(
        made,
        {"required": common["required"] + facts["required"], "types": common["types"] | facts["types"]},
        key,
    )
    values = facts.get("defaults", {}) | made
    for name, least in facts.get("least", {}).items():
        assert values[name] >= least, (key, name)
    for name, most in facts.get("most", {}).items():
        assert values[name] <= most, (key, name)
    if "rising" in facts:
        low, high = (values[name] for name in facts["rising"])
        assert low < high, key
    return made


def _full(short: Mapping[str, Any], where: str) -> dict[str, Any]:
    names = FACTS["abbreviations"][where]
    return {names.get(key, key): value for key, value in short.items()}


def _fields(made: Mapping[str, Any], facts: Mapping[str, Any], where: str) -> None:
    missing = [key for key in facts.get("required", ()) if key not in made]
    assert not missing, f"{where}: without {missing}"
    for key, value in made.items():
        assert key in facts["types"], f"{where}: {key} is unknown"
        assert _is(facts["types"][key], value), f"{where}: {key} is no {facts['types'][key]}: {value!r}"


def _is(kind: Any, value: Any) -> bool:
    if isinstance(kind, list):
        return value in kind
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "object": isinstance(value, dict),
        "list": isinstance(value, list),
        "texts": isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value),
        "text": isinstance(value, str),
        "topic": isinstance(value, str) and bool(TOPIC.fullmatch(value)),
        "flag": isinstance(value, bool),
        "integer": number and isinstance(value, int),
        "number": number and math.isfinite(value),
    }[kind]
