"""Whether an encoded picture can be decoded without those before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

_SPS, _IDR = 7, 5
_VP8_START = b"\x9d\x01\x2a"


def is_keyframe(codec: str, data: bytes) -> bool:
    """`codec` as SDP names it (`H264`, `VP8`). H.264 is Annex B; its IDR counts where the parameter sets stand before
    it, as WebRTC's senders do, so that a picture whose first packets are missing is not taken for one.
    """
    if codec.upper() == "VP8":
        return len(data) >= 6 and not data[0] & 1 and data[3:6] == _VP8_START  # RFC 6386, section 9.1
    seen_sps = False
    for kind in _units(data):
        if kind == _SPS:
            seen_sps = True
        elif 1 <= kind <= _IDR:
            return kind == _IDR and seen_sps
    return False


def _units(data: bytes) -> Iterator[int]:
    """The types of the NAL units (ITU-T H.264, table 7-1). What begins with none is the rest of a torn picture."""
    at = data.find(b"\x00\x00\x01")
    if at not in (0, 1):
        return
    while at != -1 and at + 3 < len(data):
        yield data[at + 3] & 0x1F
        at = data.find(b"\x00\x00\x01", at + 3)
