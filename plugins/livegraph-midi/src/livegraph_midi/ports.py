"""The ports of one device: found by name, opened, and looked for again when they go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from livegraph_midi import library
from livegraph_midi.decode import Message
from livegraph_midi.feedback import Out
from livegraph_midi.library import Backend, InPort, OutPort

VIRTUAL = "livegraph"
"""What others see a virtual port as."""
NO_DEVICES = ("midi through", "rtmidi", VIRTUAL)
"""How ports begin that are no devices: ALSA's own, and those of programs such as this."""


def chosen(wanted: str, names: Sequence[str]) -> str | None:
    """`auto`: the first that is a device; else the first that has these words in it, in any case."""
    devices = [name for name in names if not name.lower().startswith(NO_DEVICES)]
    if wanted == "auto":
        return devices[0] if devices else None
    return next((name for name in names if wanted.lower() in name.lower()), None)


def bare(name: str) -> str:
    """`nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0` without ALSA's numbers, or Windows' own at the end, which differ between
    the input and the output of one device.
    """
    return re.sub(r"\s+\d+(:\d+)?$", "", name)


def answering(device: str, names: Sequence[str]) -> str | None:
    """The output of the device that this input belongs to."""
    same = [name for name in names if bare(name) == bare(device)]
    near = [name for name in names if name.split(":")[0] == device.split(":")[0] and ":" in device]
    return next(iter([*same, *near]), None)


class Ports:
    """`look` opens what is there and lets go of what is not; call it every second, on one thread. `heard` is called on
    the driver's.
    """

    def __init__(self, device: str, out: str, heard: Callable[[Message], None], say: Callable[[str], None]) -> None:
        self._device, self._wanted_out, self._heard, self._say = device, out, heard, say
        self._backend: Backend = library.backend()
        self._input: InPort | None = None
        self._output: OutPort | None = None
        self._last_said = ""

    @property
    def device(self) -> str | None:
        return self._input.name if self._input else None

    @property
    def feedback(self) -> str | None:
        return self._output.name if self._output else None

    def look(self) -> bool:
        """Whether an output is there now that was not before."""
        if (reason := library.no_sequencer()) is not None:
            self._tell(f"midi: {reason}")
            return False
        try:
            self._look_for_input()
            return self._look_for_output()
        except (OSError, ValueError, NotImplementedError) as error:  # busy, gone meanwhile, or no virtual ports here
            self._tell(f"midi: {error}")
            return False

    def send(self, out: Iterable[Out]) -> None:
        """Nothing where there is no output."""
        if self._output is None:
            return
        try:
            for kind, fields in out:
                self._output.send(library.message(kind, **fields))
        except (OSError, ValueError) as error:
            self._tell(f"midi: {self._output.name} takes nothing ({error})")
            self._drop_output()

    def close(self) -> None:
        self._drop_input()
        self._drop_output()

    def _look_for_input(self) -> None:
        if self._device == "virtual":
            if self._input is None:
                self._input = self._backend.open_input(VIRTUAL, virtual=True, callback=self._heard)
            return
        names = self._backend.get_input_names()
        if self._input is not None and self._input.name not in names:
            self._tell(f"midi: {self._input.name} is gone; it is looked for every second")
            self._drop_input()
        if self._input is None:
            self._open_input(chosen(self._device, names), names)

    def _open_input(self, name: str | None, names: Sequence[str]) -> None:
        if name is None:
            wanted = "no device" if self._device == "auto" else f"no device named {self._device!r}"
            if not self._last_said.endswith("every second"):
                self._tell(f"midi: {wanted} (there are: {', '.join(names) or 'none'}); it is looked for every second")
            return
        self._input = self._backend.open_input(name, callback=self._heard)
        self._tell(f"midi: {name}")

    def _look_for_output(self) -> bool:
        if self._wanted_out == "none":
            return False
        if self._device == "virtual" and self._wanted_out == "auto":
            if self._output is not None:
                return False
            self._output = self._backend.open_output(VIRTUAL, virtual=True)
            return True
        names = self._backend.get_output_names()
        if self._output is not None and self._output.name not in names:
            self._drop_output()
        if self._output is not None:
            return False
        name = self._output_name(names)
        if name is not None:
            self._output = self._backend.open_output(name)
        return name is not None

    def _output_name(self, names: Sequence[str]) -> str | None:
        if self._wanted_out != "auto":
            return chosen(self._wanted_out, names)
        return answering(self._input.name, names) if self._input is not None else None

    def _drop_input(self) -> None:
        gone, self._input = self._input, None
        if gone is not None:
            gone.close()

    def _drop_output(self) -> None:
        gone, self._output = self._output, None
        if gone is not None:
            gone.close()

    def _tell(self, text: str) -> None:
        """Not the same again each second."""
        if text != self._last_said:
            self._last_said = text
            self._say(text)
