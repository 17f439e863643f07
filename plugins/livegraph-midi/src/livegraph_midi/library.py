"""The parts of mido and aalink that are used, typed here, so that nothing imports them before a port is opened."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from livegraph import InputError
from livegraph_midi.decode import Message

BACKEND = "mido.backends.rtmidi"
SEQUENCER = Path("/dev/snd/seq")
"""ALSA's. Without it, its library complains on stderr each time somebody asks for devices."""
INSTALL = {"mido": "livegraph-midi", "rtmidi": "livegraph-midi", "aalink": "'livegraph-midi[link]'"}


Heard = Callable[[Message], None]


class Port(Protocol):
    @property
    def name(self) -> str: ...
    def close(self) -> None: ...


class InPort(Port, Protocol):
    def poll(self) -> Message | None: ...


class OutPort(Port, Protocol):
    def send(self, msg: Message) -> None: ...


class Backend(Protocol):
    """`mido.Backend`. Its `callback` is called on the driver's thread; its errors are `OSError`s."""

    def get_input_names(self) -> Sequence[str]: ...
    def get_output_names(self) -> Sequence[str]: ...
    def open_input(self, name: str, virtual: bool = False, callback: Heard | None = None) -> InPort: ...
    def open_output(self, name: str, virtual: bool = False) -> OutPort: ...


class LinkSession(Protocol):
    """`aalink.Link`, made on a running event loop. `beat` counts quarter notes."""

    enabled: bool
    quantum: float

    @property
    def beat(self) -> float: ...
    @property
    def tempo(self) -> float: ...
    @property
    def num_peers(self) -> int: ...


def backend() -> Backend:
    """InputError says what is missing."""
    made: Backend = _module("mido").Backend(BACKEND, use_environ=False)
    if BACKEND.endswith("rtmidi"):
        _module("rtmidi")
    return made


def no_sequencer() -> str | None:
    """Why this system has no MIDI, where that is known."""
    if BACKEND.endswith("rtmidi") and sys.platform == "linux" and not SEQUENCER.exists():
        return f"there is no {SEQUENCER}: load the kernel module with `modprobe snd-seq`"
    return None


def message(kind: str, **fields: int) -> Message:
    return cast(Message, _module("mido").Message(kind, **fields))


def link_session(tempo: float) -> LinkSession:
    """On the loop's thread. It speaks with nobody before it is `enabled`."""
    return cast(LinkSession, link_module().Link(tempo))


def link_module() -> Any:
    return _module("aalink")


def _module(name: str) -> Any:
    if importlib.util.find_spec(name) is None:
        raise InputError(f"{name} is not installed (pip install {INSTALL[name]})")
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise InputError(f"{name} cannot be loaded ({error}); try: pip install --force-reinstall {name}") from error
