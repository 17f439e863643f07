"""A backend for mido, as its own are written (`mido/backends/rtmidi.py`), with devices that live in this process. All
messages go through bytes.
"""

from __future__ import annotations

from typing import Any

from mido import Message, ports


class Studio:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.devices: dict[str, tuple[bool, bool]] = {}
        self.inputs: list[Input] = []
        self.sent: list[Message] = []
        """What the devices were told."""

    def plug(self, name: str, *, out: bool = True) -> None:
        self.devices[name] = (True, out)

    def unplug(self, name: str) -> None:
        del self.devices[name]

    def play(self, *messages: Message, device: str = "") -> None:
        """From a device, or from all, to those that listen, as the driver's thread does."""
        for message in messages:
            for port in [each for each in self.inputs if device in ("", each.name)]:
                port.take(Message.from_bytes(message.bytes()))


STUDIO = Studio()


def get_devices(**kwargs: Any) -> list[dict[str, Any]]:
    return [{"name": name, "is_input": reads, "is_output": writes} for name, (reads, writes) in STUDIO.devices.items()]


class Input(ports.BaseInput):  # type: ignore[misc]
    def _open(self, virtual: bool = False, callback: Any = None, **kwargs: Any) -> None:
        if not virtual and self.name not in STUDIO.devices:
            raise OSError(f"unknown port {self.name!r}")
        self.callback = callback
        STUDIO.inputs.append(self)

    def _close(self) -> None:
        STUDIO.inputs = [port for port in STUDIO.inputs if port is not self]

    def take(self, message: Message) -> None:
        if self.callback is not None:
            self.callback(message)
        else:
            self._messages.append(message)


class Output(ports.BaseOutput):  # type: ignore[misc]
    def _open(self, virtual: bool = False, **kwargs: Any) -> None:
        if not virtual and not STUDIO.devices.get(self.name, (False, False))[1]:
            raise OSError(f"unknown port {self.name!r}")

    def _send(self, message: Message) -> None:
        if self.name not in STUDIO.devices and self.name != "livegraph":
            raise OSError("the device is gone")
        STUDIO.sent.append(Message.from_bytes(message.bytes()))
