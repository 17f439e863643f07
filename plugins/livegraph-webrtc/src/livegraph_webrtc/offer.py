"""An SDP offer from outside, looked at before anything is made of it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from aiortc.sdp import MediaDescription, SessionDescription

from livegraph_webrtc.reach import Reach
from livegraph_webrtc.refusal import Refusal

MOST_BYTES = 64 << 10
"""Browsers offer some 8 KiB."""
MOST_LINES = 1000
"""Browsers: some 200."""
MOST_PAIRS = 16_384
"""Codecs times lines of feedback about them. aiortc goes through each, twice; in 64 KiB it could do so for seconds.
Browsers: some 7,000.
"""
MOST_SECTIONS = 4
MOST_CANDIDATES = 64
"""Each is an address that is asked by STUN whether it answers."""

_NAME = re.compile(r"[\w+/=-]{4,256}", re.ASCII)
_PASSWORD = re.compile(r"[\w+/=-]{22,256}", re.ASCII)
"""Letters of RFC 8839, 5.4, and three more that are seen."""

Direction = Literal["sendonly", "recvonly"]


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer with a video in the direction that was wanted."""

    text: str
    ufrag: str
    """The ICE user name of the session: another one later would be an ICE restart."""
    sound: bool
    """Whether it has Opus in that direction, too."""
    reach: Reach
    """`text` has only those candidates that are asked; who comes later has to pass here too."""


def read_offer(body: bytes, wants: Direction, reach: Reach) -> Offer:
    """`wants`: what the other side has to offer, `sendonly` where it shall send. `Refusal` where it cannot be used."""
    if len(body) > MOST_BYTES:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an offer has at most {MOST_BYTES} bytes")
    try:
        text = body.decode()
        _afford(text)
        parsed = SessionDescription.parse(text)
    except Refusal:
        raise
    except Exception as error:  # aiortc's parser trips over what is no SDP in many ways
        raise Refusal(HTTPStatus.BAD_REQUEST, f"this is no SDP offer: {str(error) or type(error).__name__}") from None
    video = _checked(parsed.media, wants)
    _check_bundle(parsed)
    sound = any(_has_opus(section, wants) for section in parsed.media)
    return Offer(reach.sift(text), _ufrag(video) or "", sound, reach)


def _afford(text: str) -> None:
    """Whether it may be parsed, on the loop that serves all."""
    lines = text.splitlines()
    codecs, feedback = (sum(line.startswith(f"a={name}:") for line in lines) for name in ("rtpmap", "rtcp-fb"))
    if len(lines) > MOST_LINES or codecs * feedback > MOST_PAIRS:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the offer has too many lines, codecs, or feedback lines")


def _checked(sections: list[MediaDescription], wants: Direction) -> MediaDescription:
    if len(sections) > MOST_SECTIONS:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{len(sections)} media sections; at most {MOST_SECTIONS}")
    if sum(len(section.ice_candidates) for section in sections) > MOST_CANDIDATES:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"too many ICE candidates; at most {MOST_CANDIDATES}")
    for section in sections:
        if section.dtls is None or not section.dtls.fingerprints or not _ufrag(section):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the section {section.kind} lacks a fingerprint, or ICE credentials")
    for section in sections:
        if section.kind == "video" and section.direction in (wants, "sendrecv"):
            return section
    does = "sends no video (a=sendonly)" if wants == "sendonly" else "takes no video (a=recvonly)"
    raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"the offer {does}")


def _check_bundle(parsed: SessionDescription) -> None:
    """Transports are found by the names of sections; aiortc falls over those that are not there, or there twice."""
    names = [section.rtp.muxId for section in parsed.media]
    bundled = [item for group in parsed.group if group.semantic == "BUNDLE" for item in group.items]
    if len({*names}) < len(names) or len({*bundled}) < len(bundled) or not {*bundled} <= {*names}:
        raise Refusal(HTTPStatus.BAD_REQUEST, "a=mid must name each section, a=group:BUNDLE those that are there")


def _has_opus(section: MediaDescription, wants: Direction) -> bool:
    codecs = [codec.name.lower() for codec in section.rtp.codecs]
    return section.kind == "audio" and section.direction in (wants, "sendrecv") and "opus" in codecs


def _ufrag(section: MediaDescription) -> str | None:
    """The user name, where both credentials have the length and letters of RFC 8839, 5.4."""
    name, password = (section.ice.usernameFragment, section.ice.password) if section.ice else ("", "")
    return name if _NAME.fullmatch(name or "") and _PASSWORD.fullmatch(password or "") else None
