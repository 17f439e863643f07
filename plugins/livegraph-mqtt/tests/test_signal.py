"""`mqtt.signal`: a topic feeds a parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mqtt_support import Mosquitto, Show, Watcher, a_show, needs_a_broker, until

Watch = Callable[..., Watcher]


def graph(**controllers: Any) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "name": "signals",
        "mode": "live",
        "nodes": {
            "src": {"use": "test.source"},
            "light": {"use": "mqtt.signal", "params": {"topic": "hall/light", "path": "lux.0", "default": 100}},
            "a": {"use": "test.stamp", "in": "src", "params": {"level": {"from": "light"}}},
            "end": {"use": "test.collect", "in": "a"},
        },
        "controllers": controllers,
    }


def at(broker: Mosquitto) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": broker.port, "discovery": False}


def shown(show: Show) -> Any:
    """The parameter that the signal feeds, as the sink sees it."""
    return show.kept["end"][-1][0].data if show.kept.get("end") else None


def test_without_a_broker_named_the_run_says_what_to_name() -> None:
    with a_show(graph(), connected=False) as show:
        show.thread.join(20)
    error = str(show.outcomes[0].error)
    assert "controller mqtt: host: a value is required; name it under controllers: in the graph" in error


@needs_a_broker
def test_the_newest_number_reaches_the_sink(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    with a_show(graph(mqtt=at(broker))) as show:
        until(lambda: shown(show) == 100)
        seen.say("hall/light", json.dumps({"lux": [321.5]}), retain=True)
        until(lambda: shown(show) == 321.5)
        for hostile in (b"dark", b'{"lux": [NaN]}', b"\xff", b"[" * 60_000, b'{"lux": []}'):
            seen.say("hall/light", hostile)
        until(lambda: sum(show.door["refused"].values()) == 5)
        assert shown(show) == 321.5


@needs_a_broker
def test_two_runs_do_not_see_each_others_signals(broker: Mosquitto, watch: Watch, tmp_path: Path) -> None:
    """Of the same topic, at two brokers."""
    another = Mosquitto(tmp_path)
    another.start()
    try:
        with a_show(graph(mqtt=at(broker))) as one, a_show(graph(mqtt=at(another))) as other:
            watch(broker).say("hall/light", json.dumps({"lux": [1]}))
            until(lambda: shown(one) == 1)
            count = len(other.kept["end"])
            until(lambda: len(other.kept["end"]) > count + 5)
            assert shown(other) == 100
            watch(another).say("hall/light", json.dumps({"lux": [2]}))
            until(lambda: shown(other) == 2)
            assert shown(one) == 1
    finally:
        another.stop()
