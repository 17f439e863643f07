"""What nodes share: made once, by who asks first, and closed after all of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from runtime_support import graph, plugin

from livegraph import Frame, In, InputError, NodeError, NodeSpec, Out, PluginError, ServiceSpec, Sink, hookimpl
from livegraph.graph import plan_graph
from livegraph.node import Context, Node
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.runtime.services import Services
from livegraph.service import Serving
from livegraph.testing import ScriptedPlugin
from livegraph.types import AnyPort

EVENTS: list[str] = []


@pytest.fixture(autouse=True)
def events() -> Iterator[list[str]]:
    EVENTS.clear()
    yield EVENTS


class Lights:
    """A service that says what happens to it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        EVENTS.append("made")

    def close(self) -> None:
        EVENTS.append("closed")


class Unwilling(Lights):
    def __init__(self, run: Run) -> None:
        raise InputError("port 80 is taken")


class Fragile(Lights):
    def close(self) -> None:
        super().close()
        raise OSError("lost")


class Lit(Sink):
    video: In[AnyPort]
    found: ClassVar[list[Any]] = []

    def setup(self) -> None:
        self.found.append(self.ctx.service("lights"))

    def process(self, video: Frame) -> None: ...

    def teardown(self) -> None:
        EVENTS.append("node down")


class Brings:
    livegraph_api = "1"

    def __init__(self, *services: ServiceSpec) -> None:
        self._services = services

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.lit", Lit)]

    @hookimpl
    def livegraph_services(self) -> list[ServiceSpec]:
        return list(self._services)


def registry_with(*services: ServiceSpec) -> Registry:
    registry = Registry(discover=False)
    for number, brought in enumerate((ScriptedPlugin(), Brings(*services))):
        assert registry.add(brought, str(number)).state == "loaded"
    return registry


def lights(cls: type = Lights, name: str = "lights") -> ServiceSpec:
    return ServiceSpec(name, cls)  # type: ignore[arg-type]


def run_with(registry: Registry, sinks: int, **more: Any) -> tuple[Run, Outcome]:
    nodes: dict[str, Any] = {"src": {"use": "test.source", "params": {"frames": 3}}}
    nodes |= {f"out{n}": {"use": "test.lit", "in": "src"} for n in range(sinks)}
    if not sinks:
        nodes["out"] = {"use": "test.collect", "in": "src"}
    run = Run(plan_graph(graph(nodes, mode="offline"), registry=registry), registry=registry, **more)
    return run, asyncio.run(run.main())


def test_nodes_share_one_and_it_closes_after_them() -> None:
    Lit.found.clear()
    run, outcome = run_with(registry_with(lights()), sinks=2)
    assert outcome.ok
    assert len(Lit.found) == 2
    assert Lit.found[0] is Lit.found[1]
    assert Lit.found[0].run is run
    assert EVENTS == ["made", "node down", "node down", "closed"]


def test_nobody_asks_and_none_is_made() -> None:
    assert run_with(registry_with(lights()), sinks=0)[1].ok
    assert not EVENTS


def test_serving_starts_the_web_though_no_node_asks() -> None:
    run, outcome = run_with(registry_with(lights(name="web")), sinks=0, serving=Serving(asked=True, port=80))
    assert outcome.ok
    assert run.serving.port == 80
    assert EVENTS == ["made", "closed"]


def test_serving_without_the_package_says_what_to_install() -> None:
    _, outcome = run_with(registry_with(), sinks=0, serving=Serving(asked=True))
    assert isinstance(outcome.error, PluginError)
    assert str(outcome.error) == "no service 'web': its plugin is not installed. Try: pip install livegraph-server"


def test_a_package_that_does_not_load_is_named_with_its_reason() -> None:
    registry = registry_with()
    registry.add(type("Old", (), {"livegraph_api": "0"})(), "web", "livegraph-server")
    _, outcome = run_with(registry, sinks=0, serving=Serving(asked=True))
    assert str(outcome.error) == "no service 'web': plugin web is refused: written for plugin API '0', this is '1'"


def test_a_service_that_cannot_be_made_is_the_nodes_error() -> None:
    _, outcome = run_with(registry_with(lights(Unwilling)), sinks=1)
    assert isinstance(outcome.error, NodeError)
    assert str(outcome.error) == "node out0: port 80 is taken"


def test_one_that_fails_to_close_keeps_no_other_open(caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_with(lights(Fragile, "first"), lights(Fragile, "second"))
    services = Services(Run(plan_graph(graph({"a": {"use": "test.source"}, "b": {"use": "test.collect", "in": "a"}}),
                                       registry=registry)), registry)  # fmt: skip
    services.get("first"), services.get("second")
    services.close()
    assert EVENTS.count("closed") == 2
    assert "service second could not be closed" in caplog.text
    with pytest.raises(InputError, match="the run has ended"):
        services.get("first")


def test_outside_a_run_there_is_none() -> None:
    with pytest.raises(PluginError, match="not part of a run"):
        Context("lit", "live", None).service("lights")  # type: ignore[arg-type]


class Talks(Node):
    """Says what it says of itself; at the second frame it cannot."""

    video: In[AnyPort]
    out: Out[AnyPort]
    said: ClassVar[Any] = {"backend": "cpu", "size": (4, 2)}

    async def process(self, video: Frame) -> Frame:
        return video

    def status(self) -> dict[str, Any]:
        if isinstance(self.said, Exception):
            raise self.said
        return dict(self.said)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"backend": "cpu", "size": (4, 2)}, {"backend": "cpu", "size": [4, 2]}),
        ({"address": "rtmp://host/app/sesame-open"}, {"address": "rtmp://host/app/***"}),
        (KeyError("lost"), {"error": "KeyError: 'lost'"}),
    ],
)
def test_what_a_node_says_of_itself_is_in_the_statistics(
    said: Any, shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Talks, "said", said)
    registry = Registry(discover=False)
    for number, brought in enumerate((ScriptedPlugin(), plugin(talks=Talks))):
        registry.add(brought, str(number))
    nodes = {
        "src": {"use": "test.source", "params": {"frames": 400, "fps": 1000}},
        "node": {"use": "test.talks", "in": "src"},
        "out": {"use": "test.collect", "in": "node"},
    }
    document = graph(nodes, mode="live", name="${KEY}")
    run = Run(plan_graph(document, registry=registry, env={"KEY": "sesame-open"}), registry=registry)
    seen: list[Any] = []
    outcome = asyncio.run(run.main(on_tick=lambda stats: seen.append(stats["nodes"]["node"]["status"])))
    assert outcome.ok
    assert seen[0] == shown
    assert outcome.stats["nodes"]["node"]["status"] == shown


def test_other_threads_ask_on_the_runs_own() -> None:
    registry = registry_with()
    nodes = {"src": {"use": "test.source", "params": {"frames": 100, "fps": 200}},
             "out": {"use": "test.collect", "in": "src"}}  # fmt: skip
    run = Run(plan_graph(graph(nodes), registry=registry), registry=registry)
    answers: list[Any] = []

    def ask(stats: Any) -> None:
        answers.append(run.ask(lambda: (threading.current_thread(), run.health)).result(5))
        answers.append(run.ask(lambda: 1 // 0).exception(5))

    assert asyncio.run(run.main(on_tick=ask)).ok
    assert answers[0] == (threading.main_thread(), "running")
    assert isinstance(answers[1], ZeroDivisionError)
    assert isinstance(run.ask(run.stats).exception(5), InputError)


def test_troubles_name_the_node_and_what_is_wrong() -> None:
    run = Run(plan_graph(graph({"src": {"use": "test.source"}, "out": {"use": "test.collect", "in": "src"}}),
                         registry=registry_with()))  # fmt: skip
    assert run.troubles == {}
    run._health.degrade("out", NodeError("node out: no disk"))
    assert run.troubles == {"out": "node out: no disk"}
    run._health.recovered("out")
    assert run.troubles == {}
