"""Keyframes, told by their bytes."""

from __future__ import annotations

import pytest
from webrtc_support import numbered

from livegraph_webrtc.bitstream import is_keyframe
from livegraph_webrtc.encoder import Codec, Encoder


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_what_an_encoder_calls_a_keyframe_is_one(codec: Codec) -> None:
    encoder = Encoder(codec, "ultrafast")
    for number in range(8):
        (coded,) = encoder.encode(numbered(number), number * 3000, 500_000, 30, number == 4)
        assert is_keyframe(codec, bytes(coded.packet)) == (number in (0, 4)) == coded.keyframe


def test_the_rest_of_a_torn_keyframe_is_none() -> None:
    (coded,) = Encoder("h264", "ultrafast").encode(numbered(0), 0, 500_000, 30, True)
    data = bytes(coded.packet)
    idr = data.index(b"\x00\x00\x01\x65")
    assert is_keyframe("H264", data)
    assert not is_keyframe("H264", data[idr:])
    assert not is_keyframe("H264", data[7:])
    (coded,) = Encoder("vp8", "ultrafast").encode(numbered(0), 0, 500_000, 30, True)
    assert not is_keyframe("VP8", bytes(coded.packet)[1200:])


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x01", b"\x00\x00\x00\x01", b"\x00\x00\x01\x67"])
def test_scraps_are_none(data: bytes) -> None:
    assert not is_keyframe("H264", data)
    assert not is_keyframe("VP8", data)
