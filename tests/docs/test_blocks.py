"""Code blocks do what the pages say: graphs load, Python runs."""

from __future__ import annotations

import runpy
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from docs_support import PAGES, PLUGIN_PAGES, ROOT, Block, blocks

from livegraph.graph import load_plan
from livegraph.registry import registry
from livegraph.testing import run_graph

GRAPHS = [block for block in blocks("yaml", PAGES + PLUGIN_PAGES) if block.extra != "fragment"]
PYTHON = list(blocks("python"))


@pytest.mark.parametrize("block", GRAPHS, ids=str)
def test_a_graph_loads(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(block.text, encoding="utf-8")
    plan = load_plan(path, registry=registry(), env={}, availability=False)
    for preset in plan.presets:
        load_plan(path, registry=registry(), env={}, preset=preset, availability=False)


def test_few_blocks_are_fragments() -> None:
    fragments = [block for block in blocks("yaml") if block.extra]
    assert {block.extra for block in fragments} <= {"fragment"}
    assert len(fragments) * 4 < len(GRAPHS)


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs a block as a module of its own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    made: list[str] = []

    def run(block: Block) -> ModuleType:
        module = ModuleType(f"documented_{block.page.stem.replace('-', '_')}_{block.line}")
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        exec(compile("\n" * (block.line - 1) + block.text, block.page, "exec"), module.__dict__)
        return module

    yield run
    for name in made:
        del sys.modules[name]


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_runs(block: Block, execute: Any) -> None:
    execute(block)


@pytest.mark.parametrize("block", list(blocks("toml")), ids=str)
def test_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


def test_the_plugin_of_the_readme_works_in_a_graph(execute: Any) -> None:
    (block,) = [block for block in PYTHON if block.page == ROOT / "README.md"]
    plugin = execute(block)
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "frames": 2}},
        "dark": {"use": "acme.invert", "in": "scene"},
        "darker": {"use": "test.collect", "in": "dark"},
        "as_it_was": {"use": "test.collect", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=[plugin])
    assert result.outcome.ok, result.outcome.error
    for dark, light in zip(result.payloads("darker"), result.payloads("as_it_was"), strict=True):
        assert (dark == 255 - light).all()


def test_the_knob_of_the_hooks_page_turns(execute: Any) -> None:
    (block,) = [block for block in blocks("python") if "class Knob" in block.text]
    knob = execute(block).Knob()
    nodes = {
        "camera": {"use": "test.source"},
        "model": {"use": "test.slow", "in": "camera", "params": {"service_ms": 1}},
        "end": {"use": "test.collect", "in": "model"},
    }
    turning = Turning(knob)
    graph = {"livegraph": 1, "nodes": nodes, "controls": {"trail": "model.service_ms"}}
    result = run_graph(graph, plugins=[knob, turning], duration_s=1, virtual=1)
    assert result.outcome.ok
    assert result.run.bus.get("trail") == 5
    assert knob.run is None


class Turning:
    """Moves a knob when the run has begun."""

    livegraph_api = "1"

    def __init__(self, knob: Any) -> None:
        self.knob = knob

    from livegraph import hookimpl

    @hookimpl(trylast=True)
    def livegraph_run_started(self, run: Any) -> None:
        self.knob.moved(5.0)


def test_the_picture_of_the_readme_can_be_made_again() -> None:
    made = runpy.run_path(str(ROOT / "docs/images/make_looks.py"))
    picture = made["picture"](made["LOOKS"]["vision.canny"], 7.5)
    assert picture.shape == (made["SIDE"], made["SIDE"], 3)
    assert set(np.unique(picture)) == {0, 255}
