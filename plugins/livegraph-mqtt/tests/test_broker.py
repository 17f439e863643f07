"""A run on a real mosquitto."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from home_assistant import check
from mqtt_support import BASE, DEVICE_TOPIC, NEEDED, Mosquitto, Watcher, a_show, graph, until

pytestmark = NEEDED
Watch = Callable[..., Watcher]


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_is_set_is_set_and_said(broker: Mosquitto, watch: Watch, version: str) -> None:
    seen = watch(broker)
    with a_show(graph(broker.port, version=version)) as show:
        for place, text, address, value in (
            ("control/trail", "0.25", "trail.ratio", 0.25),
            ("edges/high", "222", "edges.high", 222),
            ("control/freeze", "ON", "freeze", True),
            ("control/blackout", "on", "blackout", True),
            ("edges/low", "77.0", "detail", 77),
        ):
            seen.say(f"{BASE}/{place}/set", text)
            until(lambda address=address, value=value: show.values()[address] == value)
        seen.sees(f"{BASE}/control/trail/state", "0.25")
        seen.sees(f"{BASE}/trail/ratio/state", "0.25")
        seen.sees(f"{BASE}/control/freeze/state", "ON")
        seen.sees(f"{BASE}/control/detail/state", "77")
        assert show.door["taken"] == 5 and not show.door["refused"]
    late = watch(broker)
    until(lambda: late.retained.get(f"{BASE}/availability") == "offline")
    assert late.retained[f"{BASE}/control/trail/state"] == "0.25"
    assert show.outcomes[0].ok and DEVICE_TOPIC in late.retained
    assert not any("trying again" in text for text in show.said)


def test_presets_transactions_undo_and_reset(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    with a_show(graph(broker.port)) as show:
        seen.say(f"{BASE}/preset/set", "pencil")
        until(lambda: show.values()["detail"] == 40)
        seen.say(f"{BASE}/set", json.dumps({"trail": 0.5, "edges.low": "90", "freeze": True}))
        until(lambda: show.values()["detail"] == 90)
        assert show.values()["trail"] == 0.5 and show.values()["freeze"] is True
        seen.say(f"{BASE}/undo", "PRESS")
        until(lambda: show.values()["detail"] == 40)
        assert show.values()["freeze"] is False
        seen.say(f"{BASE}/set", json.dumps({"trail": 0.7, "detail": "many"}))
        until(lambda: show.door["refused"] == {"number": 1})
        seen.say(f"{BASE}/set", json.dumps({"trail": 0.7, "detail": -5}))
        until(lambda: show.door["refused"] == {"number": 1, "value": 1})
        assert show.values()["trail"] == 0.2
        seen.say(f"{BASE}/reset", "")
        until(lambda: show.values()["detail"] != 40)


def test_a_retained_command_is_an_old_one(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    seen.say(f"{BASE}/control/blackout/set", "ON", retain=True)
    seen.say(f"{BASE}/undo", "PRESS", retain=True)
    with a_show(graph(broker.port)) as show:
        until(lambda: show.door["refused"] == {"retained": 2})
        seen.sees(f"{BASE}/control/blackout/state", "OFF")
        assert show.values()["blackout"] is False


def test_two_clients_see_the_same_and_what_is_refused_springs_back(broker: Mosquitto, watch: Watch) -> None:
    one, two = watch(broker), watch(broker)
    state = f"{BASE}/control/trail/state"
    with a_show(graph(broker.port)) as show:
        one.say(f"{BASE}/control/trail/set", "0.3")
        one.sees(state, "0.3")
        two.sees(state, "0.3")
        two.say(f"{BASE}/control/trail/set", "0.4")
        one.sees(state, "0.4")
        before = one.counts[state]
        two.say(f"{BASE}/control/trail/set", "3")
        until(lambda: one.counts[state] > before)
        assert one.newest[state] == "0.4" and show.door["refused"] == {"value": 1}


def test_a_ramp_is_ten_states_a_second_and_ends_true(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    state = f"{BASE}/control/trail/state"
    with a_show(graph(broker.port)) as show:
        seen.sees(state, "0.3")
        before = seen.counts[state]
        show.run.door("test").set({"trail": 0.9}, over_s=1.0).result(10)
        seen.sees(state, "0.9")
        assert seen.counts[state] - before <= 14  # in one second of stream time, and its ends


def test_statistics(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    with a_show(graph(broker.port)):
        until(lambda: f"{BASE}/stats" in seen.newest)
        until(lambda: json.loads(seen.newest[f"{BASE}/stats"])["fps"] > 0)
        stats = json.loads(seen.newest[f"{BASE}/stats"])
        assert stats["graph"] == "show" and stats["age_ms"] >= 0 and stats["health"] == "running"
        assert stats["control"]["controllers"]["mqtt"]["connected"] is True
        assert f"{BASE}/stats" not in watch(broker).retained


def test_home_assistant_is_told_and_told_again_when_it_is_born(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    with a_show(graph(broker.port)) as show:
        late = watch(broker)
        until(lambda: DEVICE_TOPIC in late.retained)
        show.run.door("test").keep("mine").result(10)
        before, states = seen.counts[DEVICE_TOPIC], seen.counts[f"{BASE}/control/trail/state"]
        seen.say("homeassistant/status", "online")
        until(lambda: seen.counts[DEVICE_TOPIC] == before + 1)
        until(lambda: seen.counts[f"{BASE}/control/trail/state"] > states)
        told = check(DEVICE_TOPIC, seen.newest[DEVICE_TOPIC])
        assert told["components"]["preset"]["options"] == ["pencil", "marker", "mine"]
        check(DEVICE_TOPIC, late.retained[DEVICE_TOPIC])
