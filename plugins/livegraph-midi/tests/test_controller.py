"""The controller in real runs, with devices of mido's own port classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from midi_support import Show, a_show, cc, note, until
from mido import Message

from livegraph_midi import feedback, library
from livegraph_midi.clock import Time
from livegraph_midi.flood import BURST, Allowance
from livegraph_midi.place import place_of

MAP = {
    "cc 1": "strength",
    "cc 7/39": {"to": "a.open", "range": [0, 16383]},
    "note 36": "blackout",
    "note 37 hold": "freeze",
    "note 40": {"preset": "ink"},
    "cc 8": {"fade": ["ink", "oil"]},
    "cc 16": {"to": "a.steps", "relative": "twos", "step": 0.1},
    "note 41": {"to": "a.on", "on": "beat"},
}


def plugged(studio: Any) -> None:
    studio.plug("nano")


def ready(show: Show) -> None:
    until(lambda: show.midi.status()["device"])


def test_from_the_device_to_the_graph(studio: Any) -> None:
    plugged(studio)
    with a_show({"map": MAP}) as show:
        ready(show)
        studio.play(cc(1, 127), cc(7, 127), cc(39, 127), note(36, 90), note(36, 0), note(37, 90))
        until(lambda: show.value("freeze"))
        until(lambda: show.value("a.open") == 16383 and show.value("blackout") is True)
        assert show.value("a.level") == 0.75, "the control's range"
        studio.play(note(37, 0), cc(8, 0), cc(16, 1), cc(16, 1))
        until(lambda: show.value("freeze") is False and show.value("a.open") == 7.0)
        until(lambda: show.value("a.steps") == 5)
        studio.play(cc(8, 127))
        until(lambda: show.value("a.open") == 9.0)
        studio.play(note(40, 1))
        until(lambda: show.value("a.open") == 7.0)
        assert show.refused() == {}
        told = show.run.stats()["control"]["controllers"]["midi"]
        assert told == {"device": "nano", "feedback": "nano", "tempo": None}
    assert show.outcomes[0].ok and "midi: nano" in show.said


def test_an_encoder_follows_what_others_do(studio: Any) -> None:
    plugged(studio)
    with a_show({"map": MAP}) as show:
        ready(show)
        show.set(a__steps=9)
        studio.play(cc(16, 127))
        until(lambda: show.value("a.steps") == 8)


def test_the_device_is_told_of_the_graph(studio: Any) -> None:
    plugged(studio)
    with a_show({"map": {"cc 1 ch2": "a.level", "note 36": "blackout"}}) as show:
        until(lambda: len(studio.sent) == 2)
        assert studio.sent == [cc(1, 0, 2), note(36, 0)], "all at the start"
        show.set(a__level=1.0)
        until(lambda: cc(1, 127, 2) in studio.sent)
        studio.play(note(36, 90))
        until(lambda: note(36, 127) in studio.sent)
        studio.unplug("nano")
        until(lambda: show.midi.status()["device"] is None)
        studio.sent.clear()
        plugged(studio)
        until(lambda: len(studio.sent) == 2)
        assert studio.sent == [cc(1, 127, 2), note(36, 127)], "all again, to a device that was switched on"


def test_a_moved_fader_is_not_moved_back(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "HELD_S", 60.0)
    plugged(studio)
    with a_show({"map": {"cc 1": "a.level", "cc 2": "a.on"}}) as show:
        until(lambda: len(studio.sent) == 2)
        studio.sent.clear()
        studio.play(*[cc(1, value) for value in range(100)])
        until(lambda: show.value("a.level") == 99 / 127)
        show.set(a__on=True)
        until(lambda: studio.sent)
        assert studio.sent == [cc(2, 127)]


def test_the_allowance() -> None:
    allowance = Allowance()
    assert sum(allowance.take(1000.0) for _ in range(5_000)) == BURST
    assert allowance.take(1000.01), "it fills with time"


def test_quantised_to_the_midi_clock_and_without_one_at_once(studio: Any) -> None:
    plugged(studio)
    with a_show({"map": MAP}) as show:
        ready(show)
        studio.play(note(41, 90), note(41, 0))
        until(lambda: show.value("a.on") is True)
        assert any("no clock runs" in text for text in show.said)
        clock = show.midi.surface.clock
        clock.time = lambda now_s: Time(beat, 60.0)  # type: ignore[method-assign]
        beat = 0.5
        studio.play(note(41, 90))
        assert show.value("a.on") is True
        beat = 1.0
        until(lambda: show.value("a.on") is False)


def test_clock_messages_reach_the_clock(studio: Any) -> None:
    plugged(studio)
    with a_show({}) as show:
        ready(show)
        studio.play(Message("start"), *[Message("clock")] * 5, Message("songpos", pos=4), Message("stop"))
        assert show.midi.surface.clock._number == 24 and show.refused() == {}


def test_a_name_that_is_not_there_ends_the_run_with_the_nearest(studio: Any) -> None:
    with a_show({"map": {"cc 1": "strenth"}}) as show:
        pass
    assert str(show.outcomes[0].error) == (
        "controller midi: map: entry 'cc 1': no control 'strenth'. Did you mean strength?"
    )


READERS = {
    "src": {"use": "test.source", "params": {"fps": 50.0}},
    "knob": {"use": "midi.signal", "params": {"source": "cc 7/39", "high": 0.5}},
    "beat": {"use": "midi.clock", "params": {"give": "tempo"}},
    "link": {"use": "midi.link"},
    "a": {"use": "test.stamp", "in": "src", "params": {"level": {"from": "knob"}, "open": {"from": "beat"}}},
    "b": {"use": "test.stamp", "in": "src", "params": {"open": {"from": "link"}}},
    "end": {"use": "test.collect", "in": "a"},
    "other": {"use": "test.collect", "in": "b"},
}
READING = {"nodes": READERS, "controls": {}, "presets": {}}


def shown(show: Show) -> float:
    """The parameter that `knob` feeds, as the sink sees it."""
    return float(show.kept["end"][-1][0].data)


def test_signals_read_what_is_moved(studio: Any) -> None:
    plugged(studio)
    with a_show({}, **READING) as show:
        ready(show)
        until(lambda: show.kept.get("end") and shown(show) == 0.0)
        studio.play(cc(7, 127), cc(39, 127))
        until(lambda: shown(show) == 0.5)
    assert show.outcomes[0].ok and show.kept["end"][0][0].data == 0.0


def test_a_signal_starts_the_controller_where_the_graph_does_not_name_it(studio: Any) -> None:
    plugged(studio)
    with a_show({}, controllers={}, **READING) as show:
        ready(show)
        studio.play(cc(7, 127), cc(39, 127))
        until(lambda: show.kept.get("end") and shown(show) == 0.5)
        assert show.run.stats()["control"]["controllers"]["midi"]["device"] == "nano"


def test_two_runs_do_not_see_each_others_signals(studio: Any) -> None:
    plugged(studio)
    studio.plug("pad")
    with a_show({"device": "nano"}, **READING) as one, a_show({"device": "pad"}, **READING) as other:
        for each in (one, other):
            ready(each)
        studio.play(cc(7, 127), cc(39, 127), device="nano")
        until(lambda: one.kept.get("end") and shown(one) == 0.5)
        seen = len(other.kept["end"])
        until(lambda: len(other.kept["end"]) > seen + 5)
        assert shown(other) == 0.0 and other.midi.surface.share(place_of("cc 7/39")) is None


@pytest.mark.parametrize("given", [{"link": True}])
def test_link_without_aalink_says_what_to_install(studio: Any, monkeypatch: Any, given: dict[str, Any]) -> None:
    find_spec = library.importlib.util.find_spec
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: None if name == "aalink" else find_spec(name))
    with a_show(given) as show:
        pass
    assert str(show.outcomes[0].error) == "aalink is not installed (pip install 'livegraph-midi[link]')"


def test_a_machine_without_midi_runs_the_show_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With mido's own backend."""
    pytest.importorskip("rtmidi", reason="pip install python-rtmidi")
    monkeypatch.setattr(library, "SEQUENCER", tmp_path / "seq")
    monkeypatch.setattr(library.sys, "platform", "linux")
    with a_show({"map": MAP}) as show:
        until(lambda: any("modprobe snd-seq" in text for text in show.said))
        assert show.midi.status() == {"device": None, "feedback": None, "tempo": None}
    assert show.outcomes[0].ok and show.kept["end"]
