"""A run's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.registry import Collector

from livegraph_server.figures import Figures
from livegraph_server.machine import Machine

STATES = ("starting", "warming", "running", "degraded", "ended")
COUNTERS = {
    "frames_in": "Frames taken",
    "frames_out": "Frames given",
    "gaps": "Inputs of which nothing came",
    "errors": "Calls that failed",
    "restarts": "Restarts after errors",
}
QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}


class RunCollector(Collector):
    """Makes metrics of one reading; `figures` is set before each scrape."""

    figures = Figures("starting")

    def collect(self) -> Iterator[Metric]:
        stats = self.figures.stats
        yield StateSetMetricFamily(
            "livegraph_state", "How the run is", {state: state == self.figures.health for state in STATES}
        )
        yield from _of_nodes(stats.get("nodes", {}))
        yield _dropped(stats)
        yield from _of_edges(stats.get("edges", {}))
        yield from _of_sinks(stats.get("sinks", {}))
        yield from _of_machine(self.figures.machine)


class Exposition:
    """The text that Prometheus reads, from a registry of this run's own."""

    def __init__(self) -> None:
        self._collector = RunCollector()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self._collector)

    def text(self, figures: Figures) -> bytes:
        self._collector.figures = figures
        return generate_latest(self._registry)


def _of_nodes(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for key, doc in COUNTERS.items():
        counter = CounterMetricFamily(f"livegraph_{key}", doc, labels=["node"])
        for id, node in nodes.items():
            counter.add_metric([id], node[key])
        yield counter
    yield _gauge("fps", "Frames a second, over two seconds", "node", ((id, node["fps"]) for id, node in nodes.items()))
    up = ((id, node["state"] == "running") for id, node in nodes.items())
    yield _gauge("node_up", "1 while the node is warm and runs", "node", up)
    yield _quantiles("process_seconds", "Time per call, waiting excluded", nodes, "process_ms")


def _dropped(stats: Mapping[str, Any]) -> Metric:
    counter = CounterMetricFamily("livegraph_dropped", "Frames dropped, by cause", labels=["at", "cause"])
    totals: dict[tuple[str, str], int] = {}
    for part in ("sources", "nodes", "edges"):
        for id, entry in stats.get(part, {}).items():
            for cause, count in entry["dropped"].items():
                # A source's own drops stand under `sources` and under `nodes`: counted once.
                totals[id, cause] = max(totals.get((id, cause), 0), count)
    for labels, count in totals.items():
        counter.add_metric(labels, count)
    return counter


def _of_edges(edges: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for key, doc in (("length", "Frames that wait on the edge"), ("high_water", "The most that ever waited there")):
        yield _gauge(f"queue_{key}", doc, "edge", ((id, edge[key]) for id, edge in edges.items()))


def _of_sinks(sinks: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    yield _quantiles("sink_age_seconds", "Time from capture to presentation", sinks, "age_ms")


def _of_machine(machine: Machine) -> Iterator[Metric]:
    yield GaugeMetricFamily("livegraph_process_cpu_ratio", "1 is one core", machine.process_percent / 100)
    yield GaugeMetricFamily("livegraph_process_memory_bytes", "Resident memory", machine.process_memory)
    yield GaugeMetricFamily("livegraph_machine_cpu_ratio", "1 is all cores", machine.cpu_percent / 100)
    yield GaugeMetricFamily("livegraph_machine_memory_used_bytes", "RAM in use", machine.memory_used)
    yield GaugeMetricFamily("livegraph_machine_memory_bytes", "RAM", machine.memory_total)
    names = {f"{gpu.index}": gpu for gpu in machine.gpus}
    busy = {id: gpu.busy_percent / 100 for id, gpu in names.items()}
    yield _gauge("gpu_busy_ratio", "1 is always busy", "gpu", busy.items())
    yield _gauge("gpu_memory_used_bytes", "VRAM in use", "gpu", ((id, gpu.memory_used) for id, gpu in names.items()))
    yield _gauge("gpu_memory_bytes", "VRAM", "gpu", ((id, gpu.memory_total) for id, gpu in names.items()))


def _gauge(name: str, doc: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    gauge = GaugeMetricFamily(f"livegraph_{name}", doc, labels=[label])
    for id, value in values:
        gauge.add_metric([id], value)
    return gauge


def _quantiles(name: str, doc: str, entries: Mapping[str, Mapping[str, Any]], key: str) -> Metric:
    gauge = GaugeMetricFamily(f"livegraph_{name}", doc, labels=["node", "quantile"])
    for id, entry in entries.items():
        for percentile, quantile in QUANTILES.items():
            gauge.add_metric([id, quantile], entry[key][percentile] / 1000)
    return gauge
