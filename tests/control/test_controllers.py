"""Control surfaces: named by the graph, started before the nodes, closed after them."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from control_support import Plugin, three

from livegraph import Controller, ControllerSpec, GraphError, InputError, Param, hookimpl
from livegraph.graph import Plan, plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin


class Pedal(Controller):
    """Presses as soon as it is there."""

    level: float = Param(0.5, ge=0, le=1, doc="what it sets")
    broken: bool = Param(False, doc="whether it does not start")
    told: ClassVar[list[str]] = []

    def start(self) -> None:
        type(self).told.append("started")
        if self.params.broken:
            raise InputError("the pedal is not plugged in")
        self.door = self.run.door("pedal")
        self.answer = self.door.set({"level": self.params.level}, "left foot")

    def close(self) -> None:
        type(self).told.append("closed")

    def status(self) -> dict[str, Any]:
        return {"pressed": self.answer.done()}


class Pedals:
    livegraph_api = "1"

    @hookimpl
    def livegraph_controllers(self) -> list[ControllerSpec]:
        return [ControllerSpec("pedal", f"{__name__}:Pedal", "a pedal")]


def registry() -> Registry:
    made = Registry(discover=False)
    for name, brought in (("scripted", ScriptedPlugin()), ("control", Plugin()), ("pedals", Pedals())):
        assert made.add(brought, name).state == "loaded"
    return made


def planned(**controllers: Any) -> tuple[Plan, Registry]:
    Pedal.told = []
    found = registry()
    found.controller = lambda name: Pedal  # type: ignore[method-assign]  # tests are no importable module
    return plan_graph({**three(), "controllers": controllers}, registry=found), found


def played(plan: Plan, found: Registry) -> Outcome:
    return Run(plan, registry=found).execute(duration_s=0.5)


def test_it_changes_what_it_may_and_says_so() -> None:
    outcome = played(*planned(pedal={"level": 0.25}))
    assert outcome.ok and Pedal.told == ["started", "closed"]
    control = outcome.stats["control"]
    assert control["doors"]["pedal"] == {"taken": 1, "refused": {}} and control["revision"] == 1
    assert control["controllers"] == {"pedal": {"pressed": True}}, "what it said last"


def test_one_that_does_not_start_ends_the_run_with_its_reason() -> None:
    outcome = played(*planned(pedal={"broken": True}))
    assert str(outcome.error) == "the pedal is not plugged in" and Pedal.told == ["started", "closed"]


@pytest.mark.parametrize(
    ("controllers", "text"),
    [
        ({"pedal": {"level": 3}}, r"pedal: parameter level: input should be less than or equal to 1, got 3"),
        ({"pedal": {"lvl": 3}}, r"pedal: no parameter 'lvl'\. Did you mean level"),
    ],
)
def test_its_parameters_are_checked_with_the_graph(controllers: dict[str, Any], text: str) -> None:
    with pytest.raises(GraphError, match=text):
        planned(**controllers)


def test_one_that_is_not_there_comes_with_the_nearest_or_what_to_install() -> None:
    for name, text in (("pedl", "Did you mean pedal"), ("osc", "pip install livegraph-osc"), ("x", "There is pedal")):
        with pytest.raises(GraphError, match=text):
            plan_graph({**three(), "controllers": {name: None}}, registry=registry())
