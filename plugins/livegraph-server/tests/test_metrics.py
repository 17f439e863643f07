from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from server_support import Play, until

from livegraph import Gpu
from livegraph_server.figures import Figures
from livegraph_server.machine import Machine
from livegraph_server.metrics import Exposition

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation for family in families)
    found = [sample for family in families for sample in family.samples]
    keyed = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in found}
    assert len(keyed) == len(found), "no sample stands there twice"
    return keyed


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"livegraph_{name}", tuple(sorted(labels.items()))]


def test_a_run_s_figures_are_read_by_prometheus(play: Play) -> None:
    nodes: dict[str, Any] = {
        "scene": {"use": "test.source"},
        "slow": {"use": "test.slow", "in": "scene", "params": {"service_ms": 60, "fail": 0.2}, "on_error": "skip"},
        "end": {"use": "test.collect", "in": "slow"},
    }
    show = play(nodes)
    with show.client() as client:
        until(lambda: value(samples(client.get("/metrics").text), "errors_total", node="slow") > 0, 20)
        answer = client.get("/metrics")
        stats = client.get("/api/v1/graph").json()["stats"]
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    assert found["livegraph_state", (("livegraph_state", "running"),)] == 1
    assert 0 < value(found, "frames_in_total", node="slow") <= stats["nodes"]["slow"]["frames_in"]
    assert value(found, "gaps_total", node="slow") > 0
    assert value(found, "restarts_total", node="slow") == 0
    assert value(found, "dropped_total", at="scene", cause="gate") > 0
    assert 0.05 < value(found, "process_seconds", node="slow", quantile="0.5") < 0.5
    assert value(found, "sink_age_seconds", node="end", quantile="0.95") > 0.05
    assert value(found, "queue_length", edge="scene.out->slow.video") >= 0
    assert value(found, "node_up", node="end") == 1
    assert value(found, "process_memory_bytes") > 10 << 20


def test_before_anything_is_known_the_state_is() -> None:
    found = samples(Exposition().text(Figures("starting")).decode())
    assert found["livegraph_state", (("livegraph_state", "starting"),)] == 1


def test_a_drop_is_counted_once_although_two_tables_have_it() -> None:
    node = {"frames_in": 1, "frames_out": 1, "gaps": 0, "errors": 0, "restarts": 0, "fps": 1.0, "state": "running"}
    node |= {"process_ms": {"p50": 1, "p95": 1, "p99": 1}, "dropped": {"stop": 2}}
    stats = {"nodes": {"cam": node}, "sources": {"cam": {"dropped": {"gate": 3, "stop": 2}}}}
    found = samples(Exposition().text(Figures("running", stats=stats)).decode())
    assert value(found, "dropped_total", at="cam", cause="stop") == 2
    assert value(found, "dropped_total", at="cam", cause="gate") == 3


def test_every_gpu_has_its_figures() -> None:
    gpus = (Gpu(0, "one", 50, 1 << 30, 8 << 30), Gpu(1, "two", 0, 0, 8 << 30))
    found = samples(Exposition().text(Figures("running", machine=Machine(gpus=gpus))).decode())
    assert value(found, "gpu_busy_ratio", gpu="0") == 0.5
    assert value(found, "gpu_memory_used_bytes", gpu="0") == 1 << 30
    assert value(found, "gpu_memory_bytes", gpu="1") == 8 << 30


def test_runs_do_not_share_a_registry() -> None:
    one, other = Exposition(), Exposition()
    one.text(Figures("running"))
    assert 'livegraph_state{livegraph_state="ended"} 1.0' in other.text(Figures("ended")).decode()
    with pytest.raises(KeyError):
        value(samples(one.text(Figures("running")).decode()), "frames_in_total", node="cam")
