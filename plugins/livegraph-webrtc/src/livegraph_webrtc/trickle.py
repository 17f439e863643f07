"""ICE candidates that come after the offer: the body of a PATCH, `application/trickle-ice-sdpfrag` (RFC 8840). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from livegraph_webrtc.offer import MOST_BYTES
from livegraph_webrtc.refusal import Refusal

MEDIA_TYPE = "application/trickle-ice-sdpfrag"


@dataclass(frozen=True, slots=True)
class Fragment:
    """What it adds. That no more will come is not told on: see `Reach.sift`."""

    ufrag: str | None
    candidates: tuple[RTCIceCandidate, ...]


def read_fragment(body: bytes) -> Fragment:
    """`Refusal` where it cannot be read, or is too long."""
    if len(body) > MOST_BYTES:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a fragment has at most {MOST_BYTES} bytes")
    ufrag, mid = None, "0"
    candidates: list[RTCIceCandidate] = []
    for line in body.decode(errors="replace").splitlines():
        name, _, value = line.strip().removeprefix("a=").partition(":")
        if name == "ice-ufrag":
            ufrag = value
        elif name == "mid":
            mid = value
        elif name == "candidate":
            candidates.append(_candidate(value, mid))
    return Fragment(ufrag, tuple(candidates))


def _candidate(value: str, mid: str) -> RTCIceCandidate:
    try:
        candidate = candidate_from_sdp(value)
    except Exception:  # aiortc's parser trips over what is none in many ways
        raise Refusal(HTTPStatus.BAD_REQUEST, f"no ICE candidate: {value!r}") from None
    candidate.sdpMid = mid
    return candidate
