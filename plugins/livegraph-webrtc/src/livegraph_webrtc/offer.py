"""An SDP offer from outside, looked at before anything is made of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from aiortc.sdp import MediaDescription, SessionDescription

from livegraph_webrtc.refusal import Refusal

MOST_BYTES = 64 << 10
"""Browsers offer some 8 KiB."""
MOST_SECTIONS = 4
MOST_CANDIDATES = 64
"""Each is an address that is asked by STUN whether it answers."""

Direction = Literal["sendonly", "recvonly"]


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer with a video in the direction that was wanted."""

    text: str
    ufrag: str
    """The ICE user name of the session: another one later would be an ICE restart."""


def read_offer(body: bytes, wants: Direction) -> Offer:
    """`wants`: what the other side has to offer, `sendonly` where it shall send. `Refusal` where it cannot be used."""
    if len(body) > MOST_BYTES:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an offer has at most {MOST_BYTES} bytes")
    try:
        text = body.decode()
        sections = SessionDescription.parse(text).media
    except Exception as error:  # aiortc's parser trips over what is no SDP in many ways
        raise Refusal(HTTPStatus.BAD_REQUEST, f"this is no SDP offer: {error or type(error).__name__}") from None
    video = _checked(sections, wants)
    return Offer(text, _ufrag(video) or "")


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


def _ufrag(section: MediaDescription) -> str | None:
    return section.ice.usernameFragment if section.ice is not None else None
