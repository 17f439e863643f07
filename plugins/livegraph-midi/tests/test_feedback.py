"""What goes back to the device, and when."""

from __future__ import annotations

from midi_support import bound
from mido import Message

from livegraph_midi.feedback import HELD_S, PERIOD_S, Feedback, Out, messages
from livegraph_midi.place import place_of


def value(out: list[Out]) -> int:
    return out[-1][1]["value"]


def test_each_kind_as_the_device_would_send_it() -> None:
    sent = [Message(kind, **fields).hex() for kind, fields in messages(place_of("nrpn 1:5 ch2"), 1.0)]
    assert sent == ["B1 63 01", "B1 62 05", "B1 06 7F", "B1 26 7F"]
    assert [Message(kind, **fields).hex() for kind, fields in messages(place_of("bend"), 0.5)] == ["E0 00 40"]
    assert messages(place_of("pressure"), 1.0) == []


def test_a_change_goes_out_once() -> None:
    fader = bound("cc 1 ch3", "a.level")
    feedback = Feedback([fader])
    assert feedback.due(0.0) == ([], None)
    feedback.changed(fader, 1.0)
    assert feedback.due(1.0) == ([("control_change", {"channel": 2, "control": 1, "value": 127})], None)
    feedback.changed(fader, 1.0)
    assert feedback.due(2.0) == ([], None)


def test_fifty_times_a_second_at_most_and_the_newest_comes() -> None:
    fader = bound("cc 1", "a.level")
    feedback = Feedback([fader])
    sent = []
    for number in range(1001):
        feedback.changed(fader, number / 1000)
        sent.extend(feedback.due(number / 1000)[0])
    out, wait_s = feedback.due(1.0)
    while wait_s is not None:
        out, wait_s = feedback.due(1.0 + wait_s)
        sent.extend(out)
    assert len(sent) <= 52 and value(sent) == 127


def test_a_fader_in_the_hand_is_left_alone_and_told_what_became_of_it() -> None:
    fader = bound("cc 1", "a.level")
    feedback = Feedback([fader])
    feedback.moved(fader, 1, 100 / 127, now_s=1.0)
    feedback.changed(fader, 100 / 127)
    feedback.changed(fader, 0.5)
    out, wait_s = feedback.due(1.1)
    assert out == [] and wait_s is not None and 0 < wait_s <= HELD_S
    assert value(feedback.due(1.0 + HELD_S)[0]) == 64


def test_where_the_hand_left_it_is_where_it_is() -> None:
    fader = bound("cc 1", "a.level")
    feedback = Feedback([fader])
    feedback.moved(fader, 1, 100 / 127, now_s=1.0)
    feedback.changed(fader, 100 / 127)
    assert feedback.due(2.0) == ([], None)


def test_it_answers_on_the_channel_that_it_heard() -> None:
    fader = bound("cc 1", "a.level")
    feedback = Feedback([fader])
    feedback.moved(fader, 16, 0.0, now_s=0.0)
    feedback.changed(fader, 1.0)
    assert feedback.due(9.0)[0][0][1]["channel"] == 15


def test_a_pad_is_lit_at_once_and_again_when_let_go() -> None:
    pad = bound("note 36", "a.on")
    feedback = Feedback([pad])
    feedback.moved(pad, 1, 1.0, now_s=1.0)
    feedback.changed(pad, True)
    lit = [("note_on", {"channel": 0, "note": 36, "velocity": 127})]
    assert feedback.due(1.0) == (lit, None)
    feedback.moved(pad, 1, 0.0, now_s=1.0 + PERIOD_S)
    assert feedback.due(1.1) == (lit, None)


def test_another_device_is_told_all() -> None:
    fader, deaf = bound("cc 1", "a.level"), bound("cc 2", {"to": "a.on", "feedback": False})
    feedback = Feedback([fader, deaf, bound("note 1", {"preset": "ink"})])
    feedback.changed(fader, 1.0)
    feedback.changed(deaf, True)
    assert len(feedback.due(1.0)[0]) == 1
    feedback.forget()
    assert len(feedback.due(2.0)[0]) == 1
