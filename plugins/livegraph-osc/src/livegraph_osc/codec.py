"""Packets to messages and back, with caps. python-osc reads the arguments of one message, and writes messages."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

from livegraph_osc.refused import Refused

LARGEST = 65_536
"""Bytes of a packet: what UDP can carry."""
DEEPEST, MOST_ELEMENTS = 8, 256
LONGEST_ADDRESS, MOST_ARGUMENTS = 256, 64
TAGS = frozenset(b"ihfdsTFNI")
BUNDLE, AT_ONCE = b"#bundle\x00", 1


@dataclass(frozen=True, slots=True)
class Message:
    address: str
    arguments: tuple[Any, ...] = ()


@dataclass(slots=True)
class Group:
    """Messages that take effect together. `timetag`: NTP, 64 bits."""

    timetag: int
    messages: list[Message]


def read(packet: bytes) -> list[Group]:
    """What a packet asks for. `Refused` if any of it cannot be read: a bundle is whole, or nothing."""
    if len(packet) > LARGEST:
        raise Refused("size", f"a packet of {len(packet)} bytes; {LARGEST} at most")
    groups: list[Group] = []
    if packet.startswith(BUNDLE):
        _read_bundle(packet, groups, None, 1, [MOST_ELEMENTS])
    else:
        groups.append(Group(AT_ONCE, [read_message(packet)]))
    return groups


def _read_bundle(packet: bytes, groups: list[Group], outer: Group | None, depth: int, left: list[int]) -> None:
    if depth > DEEPEST:
        raise Refused("depth", f"bundles {depth} deep; {DEEPEST} at most")
    if len(packet) < 16:
        raise Refused("malformed", "a bundle without a timetag")
    timetag = int.from_bytes(packet[8:16], "big")
    group = outer
    if group is None or timetag > max(group.timetag, AT_ONCE):
        group = Group(timetag, [])
        groups.append(group)
    at = 16
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big", signed=True)
        element = packet[at + 4 : at + 4 + size]
        if size <= 0 or size % 4 or len(element) < size:
            raise Refused("malformed", "an element of a bundle is cut short")
        left[0] -= 1
        if left[0] < 0:
            raise Refused("size", f"more than {MOST_ELEMENTS} elements in a bundle")
        if element.startswith(BUNDLE):
            _read_bundle(element, groups, group, depth + 1, left)
        else:
            group.messages.append(read_message(element))
        at += 4 + size


def read_message(packet: bytes) -> Message:
    """`Refused` for what is no message, for tags that no parameter has, and for what is too long."""
    if not packet.startswith(b"/"):
        raise Refused("malformed", "a message begins with /")
    end = packet.find(b"\x00")
    if end < 0 or end > LONGEST_ADDRESS:
        raise Refused("malformed" if end < 0 else "size", "an address that is not ended, or too long")
    tags_at = (end & ~3) + 4
    tags_end = packet.find(b"\x00", tags_at)
    if tags_end < 0 and tags_at < len(packet):
        raise Refused("malformed", "type tags that are not ended")
    tags = packet[tags_at:tags_end] if tags_end >= 0 else b""
    if len(tags) > MOST_ARGUMENTS + 1:
        raise Refused("size", f"more than {MOST_ARGUMENTS} arguments")
    if not TAGS.issuperset(tags[1:]):
        raise Refused("type", f"a type that no parameter has: {tags[:20]!r}")
    if b"I" in tags:  # an impulse has no bytes, as true has none, and python-osc does not know it
        packet = packet[:tags_at] + tags.replace(b"I", b"T") + packet[tags_end:]
    try:
        message = OscMessage(packet)
        return Message(message.address, tuple(message.params))
    except (ParseError, UnicodeDecodeError, struct.error) as error:
        raise Refused("malformed", str(error)) from None


def write(address: str, *arguments: Any) -> bytes:
    """Whole numbers as `i` or `h`, others as `f`; `T`, `F`, `N` and strings."""
    builder = OscMessageBuilder(address=address)
    for each in arguments:
        builder.add_arg(each, tag_of(each))
    return bytes(builder.build().dgram)


def tag_of(value: Any) -> str:
    match value:
        case None:
            return "N"
        case bool():
            return "T" if value else "F"
        case int():
            return "i" if -(1 << 31) <= value < 1 << 31 else "h"
        case float():
            return "f"
        case _:
            return "s"
