"""The plugin as livegraph sees it, and what its README says."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from midi_support import KNOBS, actions, cc, registry
from mido import Message

from livegraph import InputError, NodeSpec
from livegraph.graph import load_plan
from livegraph_midi import library, plugin
from livegraph_midi.binding import bind
from livegraph_midi.controller import Midi
from livegraph_midi.mapping import Entry, read_map
from livegraph_midi.place import Kind

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
LIGHT = """
import sys
from livegraph_midi import plugin
import livegraph_midi.nodes, livegraph_midi.controller, livegraph_midi.cli
assert not {"mido", "rtmidi", "aalink"} & set(sys.modules)
"""


def node_of(spec: NodeSpec) -> Any:
    module, name = str(spec.target).split(":")
    return getattr(importlib.import_module(module), name)


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[str]:
    """The first cells of its tables, without their backticks."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.M)


def test_listing_imports_no_library() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=FOLDER / "src", timeout=60)


@pytest.mark.parametrize("missing", ["mido", "rtmidi"])
def test_without_its_libraries_it_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else there(name))
    with pytest.raises(InputError, match=rf"{missing} is not installed \(pip install livegraph-midi\)"):
        library.backend()


def test_a_library_that_does_not_load_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise ImportError("libasound.so.2: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(InputError, match=r"mido cannot be loaded \(libasound"):
        library.message("clock")


def test_nothing_of_the_controller_is_set_from_outside() -> None:
    assert all(field.json_schema_extra["remote"] is False for field in Midi.Params.model_fields.values())


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_parameter_of_a_node_stands_in_the_readme(spec: NodeSpec) -> None:
    assert rows(section(spec.type)) == list(node_of(spec).Params.model_fields)


def test_every_parameter_of_the_controller_stands_in_the_readme() -> None:
    assert rows(section("The controller").split("###")[0]) == list(Midi.Params.model_fields)


def test_every_key_of_an_entry_stands_in_the_readme() -> None:
    assert rows(section("The controller").split("### What it does")[1].split("###")[0]) == list(Entry.model_fields)


def places() -> list[str]:
    return rows(section("The controller").split("### Places")[1].split("###")[0])


@pytest.mark.parametrize("key", places())
def test_the_places_of_the_readme(key: str) -> None:
    value = {"to": "a.level", "value": 1.0} if key.startswith("program") else "a.level"
    assert bind(read_map({key: value})[0], KNOBS, [])


def test_every_kind_of_place_stands_in_the_readme() -> None:
    assert {read_map({key: "x"})[0].place.kind for key in places()} == set(get_args(Kind))


@pytest.mark.parametrize(("relative", "up", "down"), re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", README, re.M))
def test_the_encoders_of_the_readme(relative: str, up: str, down: str) -> None:
    (mapped,) = read_map({"cc 1": {"to": "a.steps", "relative": relative, "step": 0.1}})
    assert actions(bind(mapped, KNOBS, []), cc(1, int(up)), cc(1, int(down))) == [4, 3]


def graphs() -> list[str]:
    """The README's indented blocks that are graphs."""
    blocks = "\n".join(line[4:] if line.startswith("    ") else "\f" * bool(line) for line in README.splitlines())
    return [block.strip() + "\n" for block in blocks.split("\f") if block.strip().startswith("livegraph: 1")]


def test_there_is_a_graph_in_the_readme() -> None:
    assert graphs()


@pytest.mark.parametrize("graph", [*graphs(), (FOLDER / "graphs" / "midi.yaml").read_text(encoding="utf-8")])
def test_graphs_check_and_their_maps_fit(graph: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(graph, encoding="utf-8")
    found, _ = registry()
    plan = load_plan(path, registry=found, env={}, availability=False)
    (controller,) = plan.controllers
    params = {f"{node.id}.{name}" for node in plan.nodes for name in node.cls.Params.model_fields}
    known = {None, "freeze", "blackout", *plan.controls, *params}
    for each in read_map(controller.params.map):
        assert each.entry.to in known
        assert {each.entry.preset, *(each.entry.fade or ())} <= {None, *plan.presets}


def test_running_status_is_the_parsers_matter() -> None:
    """The driver gives whole messages; what mido makes of bytes without a status is nothing."""
    from mido import Parser

    parser = Parser()
    parser.feed([0xB0, 1, 64, 2, 65])
    assert list(parser) == [Message("control_change", control=1, value=64)]
