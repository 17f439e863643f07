"""MIDI for livegraph."""
