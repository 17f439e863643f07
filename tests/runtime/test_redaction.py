"""A value from the environment, in every way that a node may let slip: nothing of it leaves the run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from runtime_support import graph, plugin

from livegraph import Frame, In, InputError, Node, Out, Param, ParamError, Sink
from livegraph.control.bus import Bus
from livegraph.graph import plan_graph
from livegraph.params import Versions
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin
from livegraph.types import AnyPort

PASSWORD = "correct horse"


class Chatty(Node):
    """Says its key, logs it, fails with it."""

    video: In[AnyPort]
    out: Out[AnyPort]
    key: str = Param("", doc="a password")

    def setup(self) -> None:
        self.ctx.say(f"my key is {self.key}")
        self.ctx.log.warning("key %s", self.key)

    def process(self, video: Frame) -> Frame:
        try:
            raise OSError(f"refused: {self.key}")
        except OSError as error:
            raise ValueError(f"key {self.key} is wrong") from error


class Refuses(Sink):
    video: In[AnyPort]
    key: str = Param("", doc="a password")

    def setup(self) -> None:
        raise InputError(f"no entry with {self.key}")

    def process(self, video: Frame) -> None: ...


def run(nodes: dict[str, Any], trace: Path, said: list[str]) -> Outcome:
    registry = Registry(discover=False)
    for number, brought in enumerate((ScriptedPlugin(), plugin(chatty=Chatty, refuses=Refuses))):
        assert registry.add(brought, str(number)).state == "loaded"
    document = graph(nodes, name="show ${KEY}", mode="offline")
    plan = plan_graph(document, registry=registry, env={"KEY": PASSWORD})
    return Run(plan, registry=registry, trace=trace, say=said.append).execute()


@pytest.mark.parametrize("policy", ["skip", "restart", "stop"])
def test_what_a_node_says_logs_and_fails_with(policy: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"frames": 3}},
        "n": {"use": "test.chatty", "in": "src", "params": {"key": "${KEY}"}, "on_error": policy},
        "out": {"use": "test.collect", "in": "n"},
    }
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        outcome = run(nodes, tmp_path / "trace.json", said)
    assert "n: my key is ***" in said
    assert any("ValueError: key *** is wrong" in line for line in said)
    told = [*said, json.dumps(outcome.stats), (tmp_path / "trace.json").read_text(), caplog.text]
    error: BaseException | None = outcome.error
    while error is not None:
        told.append(repr(error))
        error = error.__cause__ or error.__context__
    assert "key ***" in caplog.text
    assert not [text for text in told if PASSWORD in text]


def test_what_keeps_a_run_from_beginning(tmp_path: Path) -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"frames": 3}},
        "out": {"use": "test.refuses", "in": "src", "params": {"key": "${KEY}"}},
    }
    outcome = run(nodes, tmp_path / "trace.json", [])
    assert str(outcome.error) == "node out: no entry with ***"
    assert PASSWORD not in json.dumps(outcome.stats)


class Keyed(Node):
    """Has parameters of several shapes."""

    video: In[AnyPort]
    out: Out[AnyPort]
    key: str = Param("", live=True, doc="a password")
    keys: tuple[str, ...] = Param((), doc="several")
    port: int = Param(0, doc="a number")
    folder: Path = Param(Path(), doc="a path")
    pin: str = Param("0000", secret=True, doc="never shown, wherever it comes from")
    share: float = Param(0.5, ge=0, le=1, live=True, doc="a knob")

    def process(self, video: Frame) -> Frame:
        return video


def keyed() -> Bus:
    nodes = {
        "src": {"use": "test.source", "params": {"frames": 3, "live": False}},
        "n": {
            "use": "test.keyed",
            "in": "src",
            "params": {
                "key": "${KEY}",
                "keys": ["plain", "a ${KEY}"],
                "port": "${PORT}",
                "folder": "/data/${KEY}/x",
                "pin": "9731",
            },
        },
        "out": {"use": "test.collect", "in": "n"},
    }
    registry = Registry(discover=False)
    for number, brought in enumerate((ScriptedPlugin(), plugin(keyed=Keyed))):
        assert registry.add(brought, str(number)).state == "loaded"
    plan = plan_graph(graph(nodes, mode="offline"), registry=registry, env={"KEY": PASSWORD, "PORT": "18080"})
    return Bus(plan, {node.id: Versions(node.params) for node in plan.nodes}, lambda: 0)


def test_what_came_from_the_environment_does_not_leave_by_the_bus() -> None:
    bus = keyed()
    assert bus.get("n.key") == "***"
    assert bus.get("n.keys") == ["plain", "a ***"]
    assert bus.get("n.port") == "***"
    assert bus.get("n.folder") == "/data/***/x"
    assert bus.get("n.pin") == "***"
    assert bus.get("n.share") == 0.5
    bus.set({"n.key": "another"})
    assert bus.get("n.key") == "another"


def test_a_refusal_does_not_repeat_it() -> None:
    with pytest.raises(ParamError, match=r"share.*got '\*\*\*'"):
        keyed().set({"n.share": PASSWORD})
    with pytest.raises(ParamError) as refused:
        keyed().set({f"n.{PASSWORD}": 1})
    assert PASSWORD not in str(refused.value)
