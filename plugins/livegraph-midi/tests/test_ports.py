"""Devices that come, go and come back."""

from __future__ import annotations

from typing import Any

import pytest
from midi_support import cc, until
from mido import Message

from livegraph_midi import library
from livegraph_midi.ports import Ports, answering, chosen

NANO = ["Midi Through:Midi Through Port-0 14:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "MPK mini 24:0"]


def opened(device: str = "auto", out: str = "auto") -> tuple[Ports, list[Any], list[str]]:
    heard: list[Any] = []
    said: list[str] = []
    return Ports(device, out, heard.append, said.append), heard, said


@pytest.mark.parametrize(
    ("wanted", "name"), [("auto", NANO[1]), ("mpk", NANO[2]), ("through", NANO[0]), ("push", None), ("24:0", NANO[2])]
)
def test_which(wanted: str, name: str | None) -> None:
    assert chosen(wanted, NANO) == name


def test_the_output_of_the_same_device() -> None:
    assert answering("nanoKONTROL2 0", ["Wavetable 0", "nanoKONTROL2 1"]) == "nanoKONTROL2 1", "Windows numbers"
    assert answering(NANO[1], ["nanoKONTROL2:nanoKONTROL2 MIDI 2 20:1"]) is not None
    assert answering(NANO[1], ["MPK mini 24:0"]) is None


def test_it_hears_and_answers(studio: Any) -> None:
    studio.plug("nano")
    ports, heard, said = opened()
    assert ports.look() and not ports.look() and said == ["midi: nano"]
    studio.play(cc(1, 5))
    ports.send([("note_on", {"note": 1})])
    assert heard == [cc(1, 5)] and studio.sent == [Message("note_on", note=1)]
    ports.close()
    studio.play(cc(1, 6))
    assert len(heard) == 1 and ports.device is None


def test_unplugged_and_back(studio: Any) -> None:
    studio.plug("nano")
    ports, heard, said = opened("nano")
    ports.look()
    studio.unplug("nano")
    ports.send([("note_on", {"note": 1})])
    for _ in range(3):
        assert not ports.look()
    assert (ports.device, ports.feedback) == (None, None)
    studio.plug("nano")
    assert ports.look()
    studio.play(cc(1, 5))
    assert heard == [cc(1, 5)]
    assert said == [
        "midi: nano",
        "midi: nano takes nothing (the device is gone)",
        "midi: nano is gone; it is looked for every second",
        "midi: nano",
    ]


def test_none_there_is_said_once(studio: Any) -> None:
    ports, _, said = opened("push")
    studio.plug("nano")
    ports.look()
    ports.look()
    assert said == ["midi: no device named 'push' (there are: nano); it is looked for every second"]


def test_another_output_or_none(studio: Any) -> None:
    studio.plug("nano")
    studio.plug("lights")
    ports, _, _ = opened("nano", "lights")
    assert ports.look() and ports.feedback == "lights"
    ports, _, _ = opened("nano", "none")
    assert not ports.look() and ports.feedback is None


def test_a_device_without_an_input_for_messages(studio: Any) -> None:
    studio.plug("nano", out=False)
    ports, _, _ = opened()
    assert not ports.look() and ports.device == "nano"


def test_a_virtual_port(studio: Any) -> None:
    ports, heard, _ = opened("virtual")
    assert ports.look() and not ports.look()
    studio.play(cc(1, 5))
    assert heard and ports.feedback == "livegraph"
    ports.close()


def test_a_system_without_a_sequencer_is_said_once_and_not_asked(monkeypatch: Any, tmp_path: Any) -> None:
    pytest.importorskip("rtmidi", reason="pip install python-rtmidi")
    monkeypatch.setattr(library, "SEQUENCER", tmp_path / "seq")
    monkeypatch.setattr(library.sys, "platform", "linux")
    ports, _, said = opened()
    assert not ports.look() and not ports.look()
    assert said == [f"midi: there is no {tmp_path / 'seq'}: load the kernel module with `modprobe snd-seq`"]


def test_a_real_virtual_port() -> None:
    """From one program to another through the system: this process, twice."""
    mido = pytest.importorskip("mido")
    pytest.importorskip("rtmidi", reason="pip install python-rtmidi")
    if (reason := library.no_sequencer()) is not None:
        pytest.skip(reason)
    ports, heard, _ = opened("virtual", "none")
    ports.look()
    backend = mido.Backend(library.BACKEND)
    name = next((each for each in backend.get_output_names() if "livegraph" in each), None)
    if name is None:
        pytest.skip("this system shows no virtual port")
    with backend.open_output(name) as out:
        out.send(cc(1, 5))
        until(lambda: heard)
    ports.close()
    assert heard == [cc(1, 5)]
