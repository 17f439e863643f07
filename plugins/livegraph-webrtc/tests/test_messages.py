"""What is answered to whom."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.messages import HANDLERS, MOST_BYTES, Allowance, Message, Wrong, answer


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\x00", "as text"),
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * MOST_BYTES, "no JSON"),
        ("[1]", "send an object"),
        ("{}", "no such type"),
        ('{"type": 7}', "no such type"),
        ('{"type": "frame"}', "no such type of message: 'frame'"),
        ('{"type": "' + "x" * MOST_BYTES + '"}', "at most"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(said: str | bytes, reason: str) -> None:
    reply = answer(said, HANDLERS)
    assert reply is not None and reply["type"] == "error" and reason in reply["message"]
    assert len(json.dumps(reply)) < 200


def test_a_message_goes_to_the_handler_of_its_type() -> None:
    heard: list[Message] = []

    def double(message: Message) -> Message:
        heard.append(message)
        if not isinstance(message.get("value"), int):
            raise Wrong("value: expected a number")
        return {"type": "doubled", "value": 2 * message["value"]}

    handlers = {"double": double, "note": heard.append}
    assert answer('{"type": "double", "value": 4}', handlers) == {"type": "doubled", "value": 8}
    assert answer('{"type": "note"}', handlers) is None
    assert answer('{"type": "double"}', handlers) == {"type": "error", "message": "value: expected a number"}
    assert [message["type"] for message in heard] == ["double", "note", "double"]


@given(st.text() | st.binary())
def test_whatever_is_said_is_answered_by_an_error(said: str | bytes) -> None:
    reply = answer(said, HANDLERS)
    assert reply is not None and reply["type"] == "error"


def test_an_allowance_is_per_second() -> None:
    now = [0.0]
    allowance = Allowance(5, lambda: now[0])
    assert [allowance.take() for _ in range(7)] == [True] * 5 + [False] * 2
    now[0] = 0.4
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    now[0] = 100.0
    assert sum(allowance.take() for _ in range(50)) == 5
