"""What the plugin brings. Only names stand here: mido is imported when a port is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from livegraph import ControllerSpec, NodeSpec, hookimpl

if TYPE_CHECKING:
    import typer

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("midi.signal", "livegraph_midi.nodes:MidiSignal", "A knob, note or wheel of a MIDI device, 0..1"),
        NodeSpec("midi.clock", "livegraph_midi.nodes:MidiClock", "Phase, beat or tempo of a MIDI clock"),
        NodeSpec("midi.link", "livegraph_midi.nodes:MidiLink", "Phase, beat or tempo of an Ableton Link session"),
    ]


@hookimpl
def livegraph_controllers() -> Sequence[ControllerSpec]:
    return [ControllerSpec("midi", "livegraph_midi.controller:Midi", "Knobs, faders and pads, with feedback to them")]


@hookimpl
def livegraph_commands(app: typer.Typer) -> None:
    from livegraph_midi.cli import midi

    app.add_typer(midi, name="midi")
