"""The live graphs that are measured: nodes that sleep, so that a machine of any speed shows the scheduler's doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livegraph.bench.bed import Bed, bed

Graph = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A live graph and its bars. `fps`: the source's rate. `slowest`: the bottleneck's id; `before`: the nodes upstream
    of it or beside it, whose work must not be in vain. `rate`, `wasted`, `consecutive` are shares, see `live.measure`.
    """

    name: str
    fps: float
    graph: Graph
    slowest: str
    before: tuple[str, ...] = ()
    rate: float = 0.97
    age_ms: float = 200.0
    wasted: float | None = None
    consecutive: float | None = None

    def bed(self, threads: bool) -> Bed:
        """The graph with its nodes on the event loop, or on threads of their own."""
        source = {"use": "bench.tick", "params": {"period_ms": 1e3 / self.fps, "frames": 0}}
        suffix = "thread" if threads else ""
        nodes = {
            name: {**node, "use": f"{node['use']}{suffix}" if node["use"] == "bench.rest" else node["use"]}
            for name, node in self.graph.items()
        }
        return bed({"source": source, **nodes})


def _rest(source: str, service_ms: float, variation: float, take: int = 1) -> dict[str, Any]:
    return {
        "use": "bench.rest",
        "in": source,
        "params": {"service_ms": service_ms, "variation": variation, "take": take},
    }


def _chain(services_ms: tuple[float, ...], variation: float) -> Graph:
    graph: dict[str, Any] = {}
    before = "source"
    for number, service_ms in enumerate(services_ms):
        graph[f"n{number}"] = _rest(before, service_ms, variation)
        before = f"n{number}"
    return {**graph, "sink": {"use": "bench.show", "in": before}}


def _diamond(variation: float) -> Graph:
    return {
        "quick": _rest("source", 10, variation),
        "slow": _rest("source", 60, variation),
        "join": {"use": "bench.pair", "in": {"video": "quick", "other": "slow"}},
        "sink": {"use": "bench.show", "in": "join"},
    }


def _chunk(service_ms: float) -> Graph:
    return {"chunk": _rest("source", service_ms, 0.0, 4), "sink": {"use": "bench.show", "in": "chunk"}}


def _scenarios() -> list[Scenario]:
    found: list[Scenario] = []
    for variation, how in ((0.0, ""), (0.3, " +-30 %")):
        found += [
            Scenario(f"chain 5+60+5{how}", 30, _chain((5, 60, 5), variation), "n1", ("n0",), wasted=0.03),
            Scenario(f"diamond 10, 60{how}", 30, _diamond(variation), "slow", ("quick", "slow"), wasted=0.03),
        ]
    chain = _chain((60, 60, 60), 0.3)
    found.append(Scenario("chain 60+60+60 +-30 %", 30, chain, "n1", rate=0.80, age_ms=350.0))
    for service_ms in (160, 250, 333):
        age_ms = round(4 * 1e3 / 24 + service_ms + 60)
        name = f"chunk of 4, {service_ms} ms, 24 fps"
        found.append(Scenario(name, 24, _chunk(service_ms), "chunk", age_ms=age_ms, consecutive=0.99))
    return found


SCENARIOS = tuple(_scenarios())
