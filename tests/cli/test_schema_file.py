from __future__ import annotations

import importlib
import json
from pathlib import Path

from livegraph.graph import json_schema
from livegraph.registry import Registry

ROOT = Path(__file__).parents[2]
PLUGINS = ("media", "vision", "window", "wan", "server", "webrtc", "audio", "mqtt", "osc")
MODULES = ("livegraph.core", *(f"livegraph_{name}" for name in PLUGINS))


def test_the_schema_in_the_repository_is_current() -> None:
    """It has the default plugins in it, so that an editor knows their nodes before anything is installed."""
    default = Registry(discover=False)
    for module in MODULES:
        assert default.add(importlib.import_module(f"{module}.plugin"), module).state == "loaded"
    shipped = json.loads((ROOT / "livegraph.schema.json").read_text(encoding="utf-8"))
    current = json.loads(json.dumps(json_schema(default)))
    assert shipped == current, "scripts/livegraph schema --output livegraph.schema.json, and commit it"
