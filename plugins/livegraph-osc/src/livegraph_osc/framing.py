"""Packets in a stream of bytes (OSC 1.0: a size before each; OSC 1.1: SLIP, RFC 1055). Pure logic."""

from __future__ import annotations

from typing import Literal

from livegraph_osc.codec import LARGEST
from livegraph_osc.refused import Refused

END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdc", b"\xdd"
Framing = Literal["auto", "slip", "size"]


class Unframer:
    """`auto`: a size begins with a zero byte, for packets are far below 16 MiB; SLIP never does."""

    def __init__(self, framing: Framing) -> None:
        self.framing: Framing = framing
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now. `Refused` where one is too large: the stream cannot be followed then."""
        self._buffer += data
        ended = END in data
        if self.framing == "auto" and self._buffer:
            self.framing = "size" if self._buffer[0] == 0 else "slip"
        return self._sized() if self.framing == "size" else self._slipped(ended)

    def frame(self, packet: bytes) -> bytes:
        """A packet as the other side frames it; SLIP until that is known."""
        if self.framing == "size":
            return len(packet).to_bytes(4, "big") + packet
        return END + packet.replace(ESC, ESC + ESC_ESC).replace(END, ESC + ESC_END) + END

    def _sized(self) -> list[bytes]:
        packets, at = [], 0
        while len(self._buffer) - at >= 4:
            size = int.from_bytes(self._buffer[at : at + 4], "big")
            if size > LARGEST:
                raise Refused("size", f"a packet of {size} bytes; {LARGEST} at most")
            if len(self._buffer) - at - 4 < size:
                break
            packets.append(bytes(self._buffer[at + 4 : at + 4 + size]))
            at += 4 + size
        del self._buffer[:at]
        return packets

    def _slipped(self, ended: bool) -> list[bytes]:
        """What comes in small pieces is only looked through where one of them ends a packet."""
        *whole, rest = bytes(self._buffer).split(END) if ended else [bytes(self._buffer)]
        if len(rest) > 2 * LARGEST:
            raise Refused("size", f"a packet of more than {LARGEST} bytes")
        if not ended:
            return []
        self._buffer = bytearray(rest)
        return [_unescaped(each) for each in whole if each]


def _unescaped(data: bytes) -> bytes:
    return data.replace(ESC + ESC_END, END).replace(ESC + ESC_ESC, ESC)
