"""The encoder alone."""

from __future__ import annotations

import av
import numpy as np
import pytest
from webrtc_support import numbered

from livegraph import InputError, Yuv420p
from livegraph_webrtc.encoder import Codec, Coded, Encoder, prove
from livegraph_webrtc.planes import picture_of
from livegraph_webrtc.rtp_time import TIME_BASE


def noisy(number: int) -> Yuv420p:
    """A picture that no encoder can make small."""
    chance = np.random.default_rng(number)
    luma = chance.integers(16, 235, (240, 320), np.uint8)
    chroma = np.full((120, 160), 128, np.uint8)
    return Yuv420p(luma, chroma, chroma)


def encoded(encoder: Encoder, count: int, bps: int, fps: float, first: int = 0, **kind: bool) -> list[Coded]:
    step = round(90_000 / fps)
    return [
        coded
        for number in range(first, first + count)
        for coded in encoder.encode(noisy(number), number * step, bps, fps, kind.get("keyframe", False))
    ]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_every_picture_gives_its_packet_at_once(codec: Codec) -> None:
    encoder = Encoder(codec, "ultrafast")
    for number in range(10):
        (coded,) = encoder.encode(numbered(number), number * 3000, 500_000, 30, number == 5)
        assert (coded.packet.pts, coded.packet.time_base) == (number * 3000, TIME_BASE)
        assert coded.keyframe == (number in (0, 5))


def test_a_keyframe_carries_its_parameter_sets() -> None:
    encoder = Encoder("h264", "ultrafast")
    first, _, third = (encoder.encode(numbered(n), n * 3000, 500_000, 30, n == 2)[0] for n in range(3))
    for coded in (first, third):
        units = [unit[0] & 0x1F for unit in bytes(coded.packet).split(b"\x00\x00\x01")[1:]]
        assert {7, 8, 5} <= set(units)


@pytest.mark.parametrize("fps", [30.0, 10.0])
def test_x264_keeps_to_the_bitrate_whatever_the_rate_of_pictures(fps: float) -> None:
    encoder, seconds = Encoder("h264", "ultrafast"), 4
    rates, first = [], 0
    for bps in (2_000_000, 1_200_000):
        coded = encoded(encoder, round(seconds * fps), bps, fps, first)
        first += round(seconds * fps)
        half = coded[len(coded) // 2 :]
        rates.append(sum(each.bits for each in half) / (len(half) / fps) / bps)
    assert rates == pytest.approx([1.0, 1.0], abs=0.25)


def test_lowering_the_bitrate_a_little_costs_no_keyframe_and_much_costs_one() -> None:
    encoder = Encoder("h264", "ultrafast")
    encoded(encoder, 10, 2_000_000, 30)
    assert not any(coded.keyframe for coded in encoded(encoder, 10, 1_200_000, 30, 10))
    assert sum(coded.keyframe for coded in encoded(encoder, 10, 400_000, 30, 20)) == 1
    assert sum(coded.keyframe for coded in encoded(encoder, 10, 2_000_000, 30, 30)) == 1


def test_an_odd_edge_is_left_out_and_colours_are_told() -> None:
    luma, chroma = np.full((97, 129), 100, np.uint8), np.full((49, 65), 120, np.uint8)
    (coded,) = Encoder("h264", "ultrafast").encode(Yuv420p(luma, chroma, chroma, "bt709"), 0, 500_000, 30, True)
    (frame,) = av.CodecContext.create("h264", "r").decode(av.Packet(bytes(coded.packet)))
    picture = picture_of(frame)
    assert picture.y.shape == (96, 128)
    assert (picture.matrix, picture.full_range) == ("bt709", False)
    assert abs(int(picture.y[50, 50]) - 100) <= 2 and abs(int(picture.u[25, 25]) - 120) <= 2


def test_an_encoder_is_proven_by_encoding() -> None:
    prove("h264", "veryfast")
    prove("vp8", "veryfast")


def test_one_that_does_not_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "encode", lambda self, *args: [])
    with pytest.raises(InputError, match="gives nothing back"):
        prove("h264", "veryfast")
