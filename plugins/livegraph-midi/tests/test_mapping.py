"""The map of a graph file: what it takes, and what it says of what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_support import KNOBS, document, registry

from livegraph import GraphError
from livegraph.graph import plan_graph
from livegraph_midi.binding import bind
from livegraph_midi.mapping import read_map
from livegraph_midi.place import Place, place_of

BYTE = st.integers(0, 127)
PLACES = st.one_of(
    st.builds(Place, st.sampled_from(["cc", "note", "program"]), BYTE, st.just(0), st.integers(0, 16)),
    st.builds(Place, st.sampled_from(["nrpn", "rpn"]), BYTE, BYTE, st.integers(0, 16)),
    st.builds(Place, st.just("pair"), st.integers(0, 31), st.integers(32, 63), st.integers(0, 16)),
    st.builds(Place, st.sampled_from(["bend", "pressure"]), st.just(0), st.just(0), st.integers(0, 16)),
)


@given(PLACES)
def test_a_place_is_read_as_it_is_written(place: Place) -> None:
    assert place_of(str(place)) == place


@pytest.mark.parametrize(
    ("key", "what", "text"),
    [
        ("ccc 1", "a.level", "'ccc' is no kind of place. Did you mean cc?"),
        ("cc", "a.level", "write cc 1 or cc 7/39"),
        ("cc 128", "a.level", "numbers are 0 to 127"),
        ("cc 7/7", "a.level", "mostly 7/39"),
        ("cc 1 ch17", "a.level", "ch1 to ch16 .got ch17"),
        ("bend 3", "a.level", "write bend"),
        ("nrpn 5", "a.level", "write nrpn 1:5"),
        ("bend hold", "a.level", "only a note or a cc can be held"),
        ("note 1 hold", {"preset": "ink"}, "what is held is a knob"),
        ("cc 1", 3, "a name, or a mapping .got int"),
        ("cc 1", {"too": "a.level"}, "no key 'too'. Did you mean to?"),
        ("cc 1", {}, "give one of to, preset and fade .got none"),
        ("cc 1", {"to": "a.level", "preset": "ink"}, "got to and preset"),
        ("cc 1", {"to": "a.level", "relative": "two"}, "relative: .*'twos', 'offset' or 'sign'"),
        ("cc 1", {"to": "a.level", "relative": "twos", "pickup": True}, "needs no pickup"),
        ("cc 1", {"to": "a.level", "on": "beats"}, "on: .*'beat' or 'bar'"),
        ("cc 1", {"to": "a.level", "range": [1, 1]}, "the ends are the same"),
        ("cc 1", {"preset": "ink", "toggle": True}, "are for a knob"),
        ("cc 1", "a.levl", "no control 'a.levl'. Did you mean a.level?"),
        ("cc 1", {"preset": "inc"}, "no preset 'inc'. Did you mean ink?"),
        ("cc 1", {"fade": ["ink", "oill"]}, "no preset 'oill'. Did you mean oil?"),
        ("cc 1", "a.open", "a.open has no range: say which"),
        ("cc 1", "a.text", "a.text is text, which no knob can turn"),
        ("cc 1", {"to": "a.on", "range": [0, 1]}, "a.on is a switch, and has no range"),
        ("cc 1", {"to": "a.level", "range": [0, 2]}, "a.level goes from 0.0 to 1.0 .got 2"),
        ("program 3", "a.level", "`value` says which to set"),
    ],
)
def test_what_is_wrong_is_said_with_the_entry(key: str, what: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"entry '{key}': .*{text}"):
        [bind(each, KNOBS, ["ink", "oil"]) for each in read_map({key: what})]


@pytest.mark.parametrize(
    ("first", "second"), [("cc 1", "cc  1"), ("cc 7/39", "cc 39"), ("cc 7/39", "cc 7 ch3"), ("cc 39 ch3", "cc 7/39")]
)
def test_a_place_has_one_entry(first: str, second: str) -> None:
    with pytest.raises(ValueError, match="mapped already"):
        read_map({first: "a.level", second: "a.on"})


def test_a_channel_of_its_own_and_halves_on_another_are_no_conflict() -> None:
    assert len(read_map({"cc 1": "a.level", "cc 1 ch2": "a.on", "cc 7/39 ch3": "a.open", "cc 39 ch4": "a.steps"})) == 4


def test_a_wrong_map_is_an_error_of_the_graph() -> None:
    found, _ = registry()
    with pytest.raises(GraphError, match=r"entry 'cc 1': no key 'rang'\. Did you mean range\?"):
        plan_graph(document({"map": {"cc 1": {"to": "a.level", "rang": [0, 1]}}}), registry=found)
    plan_graph(document({"map": {"cc 1": "a.level", "note 3": {"preset": "ink", "over": 2}}}), registry=found)


def test_the_schema_of_graph_files_knows_the_map() -> None:
    from livegraph_midi.controller import Midi

    schema = Midi.Params.model_json_schema()
    assert "pickup" in schema["$defs"]["Entry"]["properties"]


@given(st.dictionaries(st.text(max_size=12), st.none() | st.text(max_size=5) | st.integers() | st.lists(st.text())))
def test_whatever_it_is_it_is_taken_or_refused_in_words(raw: dict[str, Any]) -> None:
    try:
        read_map(raw)
    except ValueError as error:
        assert "entry" in str(error)
