"""What an attacker, or a broken program, publishes to a real run: refused, counted, and the show goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mqtt_support import BASE, NEEDED, Mosquitto, Show, Watcher, a_show, graph, until

pytestmark = NEEDED
Watch = Callable[..., Watcher]
MEGABYTE = b"x" * 1_000_000
ODD = [
    *(b"\xff\xfe", b"nan", b"inf", b"1e999", b"-Infinity", b"0x10", b"1_0", b"", b"9" * 5000, b"x" * 70_000),
    *(b"[" * 60_000, b'{"a":' * 10_000, b'"' + b'\\"' * 30_000, b"{}", b"null", b'{"trail": NaN}', b"\x00", MEGABYTE),
]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path_factory.mktemp("hall"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def show(hall: Mosquitto) -> Iterator[Show]:
    document = graph(hall.port)
    document["nodes"]["a"] = {"use": "test.stamp", "in": "trail"}
    document["nodes"]["end"]["in"] = "a"
    with a_show(document) as made:
        yield made


@pytest.fixture
def client(hall: Mosquitto, watch: Watch) -> Watcher:
    return watch(hall)


@pytest.mark.parametrize(
    ("place", "payload", "word"),
    [
        ("a/path/set", b"/etc/passwd", "address"),
        ("set", b'{"a.path": "/etc/passwd"}', "address"),
        ("set", b'{"trail": 0.5, "a.path": "/etc/passwd"}', "address"),
        ("nobody/ratio/set", b"1", "address"),
        ("a/level/set", b"nan", "number"),
        ("a/level/set", b"-Infinity", "number"),
        ("a/level/set", b"1e999", "number"),
        ("set", b'{"a.level": Infinity}', "number"),
        ("set", b'{"a.level": 1e999}', "number"),
        ("a/level/set", b"loud", "number"),
        ("control/freeze/set", b"perhaps", "value"),
        ("trail/ratio/set", b"7", "value"),
        ("set", b'{"a.level": true}', "value"),
        ("set", b'{"a.level": [1]}', "value"),
        ("set", b"[]", "json"),
        ("set", b"{", "json"),
        ("set", b"[" * 60_000, "depth"),
        ("set", b'{"a":' * 10_000, "depth"),
        ("a/level/set", MEGABYTE, "size"),
        ("set", b'{"a.level": "' + MEGABYTE + b'"}', "size"),
        ("preset/set", MEGABYTE, "size"),
        ("a/level/set", b"\xff\xfe", "encoding"),
        ("preset/set", b"none", "value"),
    ],
)
def test_a_message_is_refused_by_its_reason(show: Show, client: Watcher, place: str, payload: bytes, word: str) -> None:
    values, before = show.values(), show.door["refused"].get(word, 0)
    client.say(f"{BASE}/{place}", payload)
    until(lambda: show.door["refused"].get(word, 0) > before)
    assert show.values() == values and show.run.ask(lambda: show.run.bus.get("a.path")).result(10) == "here"


def test_odd_payloads_at_all_topics_are_counted_and_change_nothing(show: Show, client: Watcher) -> None:
    values, before = show.values(), _refusals(show)
    for payload in ODD:
        for place in ("control/trail/set", "set", "preset/set", "none/such/set", "trail/mode/set"):
            client.say(f"{BASE}/{place}", payload)
    client.say("hall/light", b"[" * 60_000)
    until(lambda: _refusals(show) >= before + 5 * len(ODD), 30)
    assert show.values() == values and show.status["connects"] == 1


def test_a_retained_set_is_counted_and_does_nothing(hall: Mosquitto, client: Watcher, tmp_path: Path) -> None:
    topics = [f"{BASE}/trail/ratio/set", f"{BASE}/set"]
    for topic, payload in zip(topics, ("0.9", '{"trail": 0.9}'), strict=True):
        client.say(topic, payload, retain=True)
    try:
        with a_show(graph(hall.port)) as late:
            until(lambda: late.door["refused"] == {"retained": 2})
            assert late.values()["trail"] != 0.9
    finally:
        for topic in topics:
            client.say(topic, b"", retain=True)


def test_by_version_5_the_broker_keeps_what_is_too_large(broker: Mosquitto, watch: Watch) -> None:
    with a_show(graph(broker.port, version="5")) as show:
        client = watch(broker)
        client.say(f"{BASE}/control/trail/set", MEGABYTE)
        client.say(f"{BASE}/control/trail/set", "0.25")
        client.sees(f"{BASE}/control/trail/state", "0.25")
        assert not show.door["refused"] and show.status["connects"] == 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["control/trail/set", "set", "a/level/set", "preset/set", "x/y/set"]))
def test_whatever_comes_the_show_goes_on(show: Show, client: Watcher, payload: bytes, place: str) -> None:
    client.say(f"{BASE}/{place}", payload)


def test_after_all_that_it_still_follows(show: Show, client: Watcher, caplog: pytest.LogCaptureFixture) -> None:
    for text in ("0.25", "0.5"):
        client.say(f"{BASE}/control/trail/set", text)
        client.sees(f"{BASE}/control/trail/state", text, 30)
    assert show.status["connects"] == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def _refusals(show: Show) -> int:
    return sum(show.door["refused"].values())
