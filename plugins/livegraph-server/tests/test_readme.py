from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from server_support import WATCHED, Play

from livegraph import NodeSpec
from livegraph_server import plugin

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_parameter_and_input_of_every_node_stands_in_the_readme(spec: NodeSpec) -> None:
    module, name = str(spec.target).split(":")
    node = getattr(importlib.import_module(module), name)
    section = README.split(f"## {spec.type}\n")[1].split("\n## ")[0]
    for parameter, field in node.Params.model_fields.items():
        extra = field.json_schema_extra
        live = "yes" if isinstance(extra, dict) and extra["live"] else ""
        assert f"| `{parameter}` | `{field.default}` | {live}".rstrip() in section
    for port in node.inputs:
        assert f"`{port}`" in section


REFUSED = re.findall(r"^\| (.+?) \| .+? \| ((?:`test_\w+` ?)+)\|$", README.split("## What it refuses")[1], re.MULTILINE)


def test_every_row_of_what_is_refused_is_proved_by_tests_that_are_there() -> None:
    plugins = Path(__file__).parents[2]
    sources = [file for name in ("server", "webrtc") for file in plugins.glob(f"livegraph-{name}/tests/test_*.py")]
    there = set(re.findall(r"^(?:async )?def (test_\w+)", "\n".join(map(Path.read_text, sources)), re.MULTILINE))
    rows = README.split("## What it refuses")[1].split("\n## ")[0].count("\n| ") - 1  # but for the head
    assert len(REFUSED) == rows > 20
    missing = {test for _, tests in REFUSED for test in re.findall(r"test_\w+", tests)} - there
    assert not missing


def test_every_route_stands_in_the_readme_and_no_other(play: Play) -> None:
    with play(WATCHED).client() as client:
        served = set(client.get("/api/v1/openapi.json").json()["paths"])
    rows = re.findall(r"^\| `(/\S*)` \|", README, re.MULTILINE)
    told = {re.sub(r"[A-Z]+", lambda name: f"{{{name[0].lower()}}}", row) for row in rows}
    assert told == served | {"/", "/api/v1/openapi.json", "/api/v1/control", "/socket/{node}"}


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_examples_run(block: str) -> None:
    names: dict[str, object] = {}
    exec(block, names)
    assert "routes" in names
