"""What was changed goes back into the file, and nothing else in it changes."""

from __future__ import annotations

import asyncio
import difflib
from pathlib import Path
from typing import Any

import pytest
from control_support import Plugin

from livegraph import ParamError
from livegraph.control.written import Unsaved, write_back
from livegraph.graph import load_plan
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import ScriptedPlugin

GRAPH = """\
# A show, and what is said of it.
livegraph: 1
mode: live
nodes:
  src: {use: test.source}   # where it begins
  a:
    use: test.stamp
    in: src
    params:
      text: "${WORDS:-nothing}"     # from the environment
      level: 0.25   # half of a half
  b: {use: test.stamp, in: a, params: {value: 3}}
  out: {use: test.screen, in: b}

controls:
  level: a.level
presets:
  low: {level: 0.1}   # quiet
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(GRAPH)
    return path


def changed_lines(path: Path) -> list[str]:
    diff = difflib.ndiff(GRAPH.splitlines(), path.read_text().splitlines())
    return [line for line in diff if line[:2] in ("+ ", "- ")]


def test_comments_order_and_variables_stay(path: Path) -> None:
    unsaved = Unsaved({"a": {"level": 0.5}, "b": {"level": 0.75}}, {"high": {"level": 0.9, "b.value": 7}})
    assert write_back(path, unsaved) == ["a.level", "b.level", "preset high"]
    assert changed_lines(path) == [
        "-       level: 0.25   # half of a half",
        "+       level: 0.5    # half of a half",
        "-   b: {use: test.stamp, in: a, params: {value: 3}}",
        "+   b: {use: test.stamp, in: a, params: {value: 3, level: 0.75}}",
        "+   high: {level: 0.9, b.value: 7}",
    ]


def test_a_node_without_parameters_gets_some(path: Path) -> None:
    write_back(path, Unsaved({"out": {"title": "a"}, "gone": {"x": 1}}))
    assert changed_lines(path)[-1] == '+   out: {use: test.screen, in: b, params: {title: "a"}}'


@pytest.mark.parametrize(
    "words", ["${HOME}", "$${HOME}", "true", "3", "a: b # c", 'say "hi"', "two\nlines", "ünïcode", ""]
)
def test_text_comes_back_as_it_was_whatever_it_looks_like(path: Path, words: str) -> None:
    """What somebody typed from outside never becomes a variable of the environment."""
    write_back(path, Unsaved({"a": {"text": words}}))
    assert loaded(path, {"HOME": "secret"}).by_id["a"].params.text == words  # type: ignore[attr-defined]


def test_what_is_no_graph_any_more_is_left_alone(path: Path) -> None:
    for text in ("nodes: [", "- 1\n", "nodes: 3\n"):
        path.write_text(text)
        with pytest.raises(ParamError, match=r"show\.yaml"):
            write_back(path, Unsaved({"a": {"level": 0.5}}))
        assert path.read_text() == text
    path.unlink()
    with pytest.raises(ParamError, match=r"show\.yaml cannot be read"):
        write_back(path, Unsaved({"a": {"level": 0.5}}))


def test_a_link_stays_a_link_and_permissions_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    write_back(link, Unsaved({"a": {"level": 0.5}}))
    assert link.is_symlink() and "level: 0.5 " in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.yaml", "show.yaml"]


def registry() -> Registry:
    made = Registry(discover=False)
    for name, brought in (("scripted", ScriptedPlugin()), ("control", Plugin())):
        assert made.add(brought, name).state == "loaded"
    return made


def loaded(path: Path, env: dict[str, str]) -> Any:
    return load_plan(path, registry=registry(), env=env)


def test_a_run_saves_what_was_changed_and_only_that(path: Path) -> None:
    run = Run(loaded(path, {"WORDS": "hunter22"}), registry=registry())
    written: list[list[str]] = []

    async def main() -> None:
        async def hands() -> None:
            await asyncio.sleep(0.2)
            run.bus.set({"level": 0.5, "b.value": 9})
            run.bus.set({"b.value": 3, "blackout": True})
            run.bus.keep("mine")
            written.extend([await asyncio.wrap_future(run.door("web").save()) for _ in range(2)])
            run.stop()

        await asyncio.gather(run.main(), hands())

    asyncio.run(main())
    assert written == [["a.level", "preset mine"], []]
    assert "${WORDS:-nothing}" in path.read_text() and "hunter22" not in path.read_text()
    assert "mine: {level: 0.5}" in path.read_text()
