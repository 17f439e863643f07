"""Pipelines: graphs that plugins ship, run by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from livegraph.graph import load_plan
from livegraph.registry import registry

GRAPHS = Path(__file__).parents[2] / "graphs"
SCHEMA = "# yaml-language-server:"


@pytest.mark.parametrize("name", sorted(registry().pipelines()))
def test_a_pipeline_loads_by_name_and_is_the_example_of_that_name(name: str) -> None:
    plan = load_plan(name, registry=registry(), availability=False)
    assert plan.name == name
    shipped = Path(registry().pipelines()[name].path).read_text(encoding="utf-8")
    example = (GRAPHS / f"{name}.yaml").read_text(encoding="utf-8")
    assert shipped == "".join(line for line in example.splitlines(True) if not line.startswith(SCHEMA))


def test_passthrough_and_cam2wan_come_with_the_default_plugins() -> None:
    assert {"passthrough", "cam2wan"} <= set(registry().pipelines())
