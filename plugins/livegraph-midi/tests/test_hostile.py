"""What a broken device sends to a real run, and what may not be mapped: refused, counted, and the show goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import loop_backend
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from midi_support import Show, a_show, cc, note, until
from mido import Message, Parser
from pydantic import ValidationError

from livegraph import ParamError
from livegraph_midi import library
from livegraph_midi.mapping import Entry

MAP = {
    "cc 1": "a.level",
    "cc 2": {"to": "a.steps", "relative": "twos"},
    "cc 7/39": {"to": "a.open", "range": [0, 9]},
    "nrpn 1:5": {"to": "a.open", "range": [0, 9]},
    "note 41": {"to": "a.steps", "value": "loud"},
    "bend": {"fade": ["ink", "oil"]},
}


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    before, library.BACKEND = library.BACKEND, "loop_backend"
    loop_backend.STUDIO.clear()
    loop_backend.STUDIO.plug("nano")
    with a_show({"map": MAP}) as made:
        until(lambda: made.midi.status()["device"])
        yield made
    library.BACKEND = before


def play(show: Show, *messages: Message) -> None:
    """With no limit to how many, so that each is looked at."""
    show.midi._allowance.take = lambda now_s: True  # type: ignore[method-assign]
    loop_backend.STUDIO.play(*messages)


def test_what_is_hostile_or_unknown_is_counted_and_harms_nobody(show: Show) -> None:
    play(show, *[Message("sysex", data=[1] * 500)] * 300, note(99, 1), cc(99, 1), cc(1, 127))
    until(lambda: show.value("a.level") == 1.0)
    show.midi._allowance.take = lambda now_s: False  # type: ignore[method-assign]
    loop_backend.STUDIO.play(*[cc(1, 0)] * 5)
    assert show.refused() == {"sysex": 300, "flood": 5} and show.value("a.level") == 1.0


def test_sysex_of_a_megabyte_holds_nobody_up(show: Show) -> None:
    play(show)
    before, huge = show.refused().get("sysex", 0), Message("sysex", data=[1] * 1_000_000)
    began = time.thread_time()
    show.midi.heard(huge)
    assert time.thread_time() - began < 0.02 and show.refused()["sysex"] == before + 1


def test_a_value_of_the_wrong_kind_is_counted(show: Show) -> None:
    play(show, note(41, 90))
    until(lambda: show.refused().get("value") == 1)
    assert show.value("a.steps") == 3


def test_what_may_not_be_changed_from_outside_is_refused_and_counted(show: Show) -> None:
    with pytest.raises(ParamError, match=r"no control 'a\.path'"):
        show.run.door("midi").set({"a.path": "/etc/passwd"}).result(10)
    assert show.refused()["address"] == 1 and show.value("a.path") == "here"


def test_what_may_not_be_changed_from_outside_cannot_be_mapped(show: Show) -> None:
    with a_show({"map": {"note 1": {"to": "a.path", "value": "/etc/passwd"}}}) as other:
        pass
    assert "entry 'note 1': no control 'a.path'" in str(other.outcomes[0].error)


@pytest.mark.parametrize("entry", [{"range": [float("nan"), 1]}, {"range": [0, float("inf")]}, {"value": float("nan")}])
def test_a_map_has_finite_numbers(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Entry.model_validate({"to": "a.open", **entry})


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xb0", b"\xf0", b"\xe0\x00", b"\xb0\x63\x01\x62\x05\x06"]))
def test_whatever_comes_the_show_goes_on(show: Show, tail: bytes, head: bytes) -> None:
    parser = Parser()
    parser.feed(head + tail)
    play(show, *parser)


def test_after_all_that_it_still_follows(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    for value in (0, 127):
        play(show, cc(1, value))
        until(lambda value=value: show.value("a.level") == value / 127)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
