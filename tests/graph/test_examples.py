"""The graphs in `graphs/`, with the plugins that livegraph brings: they load, with each of their presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from livegraph.graph import load_plan
from livegraph.registry import registry

GRAPHS = sorted((Path(__file__).parents[2] / "graphs").glob("*.yaml"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_it_loads_with_every_preset(path: Path) -> None:
    plan = load_plan(path, registry=registry(), env={}, availability=False)
    assert plan.name == path.stem
    for preset in plan.presets:
        assert load_plan(path, registry=registry(), env={}, preset=preset, availability=False).nodes


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_it_runs_without_a_display_and_helps_its_editor(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../livegraph.schema.json\n")
    plan = load_plan(path, registry=registry(), env={}, availability=False)
    assert any(sink.type != "window.show" for sink in plan.sinks)


def test_modes_are_as_the_files_say() -> None:
    modes = {path.stem: load_plan(path, registry=registry(), env={}, availability=False).mode for path in GRAPHS}
    assert modes.pop("file2wan") == "offline"
    assert set(modes.values()) == {"live"}
