from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph import Knob
from livegraph_mqtt.board import Board
from livegraph_mqtt.controller import BASE, Mqtt, summed_up
from livegraph_mqtt.payload import Refused
from livegraph_mqtt.topics import Command, Topics, slug

KNOBS = {
    "x": Knob("x", "a", "b", "number", 0, control=True),
    "freeze": Knob("freeze", "", "freeze", "switch", False, control=True),
    "a.b": Knob("a.b", "a", "b", "number", 0),
    "control.x": Knob("control.x", "control", "x", "number", 0),
    "control.y": Knob("control.y", "control", "y", "number", 0),
}
TOPICS = Topics("base/x", KNOBS)


def test_topics_lead_to_knobs_and_back() -> None:
    for address, place in (
        ("x", "control/x"),
        ("freeze", "control/freeze"),
        ("a.b", "a/b"),
        ("control.y", "control/y"),
    ):
        assert TOPICS.set(address) == f"base/x/{place}/set" and TOPICS.state(address) == f"base/x/{place}/state"
        assert TOPICS.command(TOPICS.set(address)) == Command("set", address)
        assert TOPICS.command(TOPICS.state(address)) is None
    assert set(TOPICS.addresses) == KNOBS.keys() - {"control.x"}


def test_the_others() -> None:
    kinds = {"base/x/set": "transaction", "base/x/preset/set": "preset", "base/x/undo": "undo", "base/x/reset": "reset"}
    for topic, kind in kinds.items():
        assert TOPICS.command(topic) == Command(kind)  # type: ignore[arg-type]
    assert TOPICS.command("base/x/no/such/set") == Command("set", None)
    assert TOPICS.command("other/a/b/set") is None and TOPICS.command("base/x/stats") is None


@given(st.text(max_size=40))
def test_any_name_makes_one_level_and_any_topic_is_looked_at(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", slug(name))
    TOPICS.command(name)
    TOPICS.command(f"base/x/{name}/set")


def test_a_base_is_a_topic_of_ones_own() -> None:
    assert all(re.match(BASE, good) for good in ("", "a", "livegraph/show 1"))
    assert not any(re.match(BASE, bad) for bad in ("$SYS", "/a", "a/", "a//b", "a/#", "+", "a\x00"))


def test_nothing_of_the_connection_is_seen_from_outside() -> None:
    for name, field in Mqtt.Params.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict) and extra["remote"] is False, name
        assert extra["secret"] is (name == "password")


def test_a_board_has_the_newest_number_of_each_path_that_is_read() -> None:
    board = Board([("t", ""), ("t", "a")])
    with pytest.raises(Refused) as refused:
        board.put("t", "3")
    assert refused.value.reason == "signal"
    assert board.topics == {"t"} and board.get("t", "") == 3 and board.get("t", "a") is None
    board.put("unread", "hello")
    assert board.get("unread", "") is None


def test_a_graph_without_sinks_has_no_rate() -> None:
    assert summed_up({"sinks": {}}) == {"fps": 0.0, "age_ms": 0.0, "sinks": {}}
