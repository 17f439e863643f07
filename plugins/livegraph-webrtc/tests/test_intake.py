"""What aiortc hands over, and when it is told to ask for a keyframe."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc import RTCPeerConnection
from webrtc_support import numbered

from livegraph_media import read_frame_number
from livegraph_webrtc.assembly import Picture
from livegraph_webrtc.decoder import CAPACITY, Decoded, Decoder
from livegraph_webrtc.encoder import Encoder
from livegraph_webrtc.intake import ASK_EVERY_S, Intake, take_over
from livegraph_webrtc.planes import picture_of


class Listening:
    """A decoder that only notes what it was given."""

    starved = True

    def __init__(self) -> None:
        self.given: list[tuple[str, bool]] = []

    def put(self, codec: str, picture: Picture, keyframe: bool) -> None:
        self.given.append((codec, keyframe))


def packet(number: int, data: bytes, kind: int = 97) -> Any:
    return SimpleNamespace(sequence_number=number, timestamp=number * 3000, marker=1, payload_type=kind, _data=data)


def test_a_keyframe_is_asked_for_at_the_start_and_again_where_none_comes() -> None:
    now = [0.0]
    decoder = Listening()
    intake = Intake(decoder, {97: "H264"}.get, now_s=lambda: now[0])  # type: ignore[arg-type]
    asked = []
    for number in range(100):
        now[0] = number / 100
        asked.append(intake.add(packet(number, b"\x00\x00\x00\x01\x41"))[0])
    assert [number for number, asks in enumerate(asked) if asks] == [0, round(ASK_EVERY_S * 100)]
    decoder.starved = False
    assert intake.add(packet(100, b"\x00\x00\x00\x01\x41")) == (False, None)
    assert len(decoder.given) == 101 and intake.last_s == now[0]


def test_payload_types_that_were_not_agreed_on_are_left_out() -> None:
    decoder = Listening()
    intake = Intake(decoder, {97: "VP8"}.get)  # type: ignore[arg-type]
    intake.add(packet(1, b"x", kind=111))
    assert decoder.given == []


async def test_aiortcs_jitter_buffer_can_be_replaced() -> None:
    """Pins the names of aiortc's own that this rests on."""
    connection = RTCPeerConnection()
    transceiver = connection.addTransceiver("video", "recvonly")
    decoder = Decoder(lambda decoded: None, raised, 1 << 20)
    intake = take_over(transceiver, decoder, lambda ticks, arrived_s: None)
    assert transceiver.receiver._RTCRtpReceiver__jitter_buffer is intake  # type: ignore[attr-defined]
    await connection.close()
    decoder.close()


def raised(error: Exception) -> None:
    raise AssertionError from error


def test_what_ends_the_decoder_is_told() -> None:
    failures: list[Exception] = []
    decoder = Decoder(lambda decoded: 1 / 0, failures.append, 1 << 20)  # type: ignore[arg-type, return-value]
    for picture, keyframe in encoded(1):
        decoder.put("H264", picture, keyframe)
    settle(decoder)
    assert isinstance(failures[0], ZeroDivisionError)


def encoded(count: int, keyframes: tuple[int, ...] = (0,)) -> list[tuple[Picture, bool]]:
    encoder = Encoder("h264", "ultrafast")
    made = []
    for number in range(count):
        (coded,) = encoder.encode(numbered(number), number * 3000, 500_000, 30, number in keyframes)
        made.append((Picture(bytes(coded.packet), number * 3000, float(number), torn=number == 0), coded.keyframe))
    return made


def settle(decoder: Decoder) -> None:
    while len(decoder._backlog):
        time.sleep(0.01)
    decoder.close()


def test_pictures_are_decoded_with_their_times() -> None:
    shown: list[Decoded] = []
    decoder = Decoder(shown.append, raised, 1 << 20)
    for picture, keyframe in encoded(CAPACITY):
        decoder.put("H264", picture, keyframe)
    settle(decoder)
    assert [decoded.ticks for decoded in shown] == [3000 * number for number in range(CAPACITY)]
    assert [decoded.arrived_s for decoded in shown] == [float(number) for number in range(CAPACITY)]
    assert [read_frame_number(picture_of(decoded.frame)) for decoded in shown] == list(range(CAPACITY))


def test_after_a_torn_picture_nothing_is_shown_before_a_keyframe() -> None:
    shown: list[Decoded] = []
    decoder = Decoder(shown.append, raised, 1 << 20)
    for number, (picture, keyframe) in enumerate(encoded(8, keyframes=(0, 5))):
        torn = Picture(picture.data, picture.ticks, 0.0, torn=number == 3)
        decoder.put("H264", torn, keyframe)
        assert decoder.starved == (number in (3, 4))
    settle(decoder)
    assert [decoded.ticks // 3000 for decoded in shown] == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_nonsense_is_counted_and_survived(codec: str) -> None:
    decoder = Decoder(lambda decoded: None, raised, 1 << 20)
    decoder.put(codec, Picture(b"\x00\x00\x00\x01\x67nonsense\x00\x00\x01\x65nonsense", 0, 0.0, True), keyframe=True)
    settle(decoder)
    assert decoder.errors == 1 and decoder.why and decoder.starved
