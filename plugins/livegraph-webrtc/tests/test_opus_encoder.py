"""Blocks of sound to packets, and back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from film_support import clicking
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_support import RATE, SAMPLES, block, clicks
from webrtc_support import wait_for

from livegraph import Frame, InputError
from livegraph_webrtc.opus_decoder import Heard, OpusDecoder, OpusPacket
from livegraph_webrtc.opus_encoder import CodedSound, OpusEncoder, prove


def coded(blocks: Iterable[Frame], bps: int = 96_000) -> list[CodedSound]:
    encoder = OpusEncoder()
    return [packet for each in blocks for packet in encoder.encode(each, bps)]


def decoded(packets: list[CodedSound]) -> list[tuple[int, np.ndarray]]:
    """Nanoseconds, and samples."""
    heard: list[Heard] = []
    failures: list[Exception] = []
    decoder = OpusDecoder(heard.append, failures.append)
    for number, each in enumerate(packets, 1):
        assert each.packet.pts is not None
        decoder.put(OpusPacket(bytes(each.packet), each.packet.pts, 0.0))
        wait_for(lambda: decoder.decoded + decoder.errors == number)  # noqa: B023
    decoder.stop()
    assert not failures
    return [(each.ticks * 1_000_000_000 // RATE, each.samples) for each in heard]


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (16_000, 1), (96_000, 6), (48_000, 9)])
def test_a_click_is_heard_when_it_was_made_whatever_the_rate(rate: int, channels: int) -> None:
    samples = clicking(2, rate, channels, (0.5, 1.25))
    packets = coded(block(number, samples, rate, 1024) for number in range(len(samples) // 1024))
    assert clicks(decoded(packets)) == pytest.approx([500_000_000, 1_250_000_000], abs=3_000_000)


def test_packets_are_20_ms_each_and_sound_is_float_stereo_within_full_scale() -> None:
    samples = clicking(1, RATE, 1, (0.2,))
    packets = coded(block(number, samples) for number in range(50))
    ticks = [each.packet.pts or 0 for each in packets]
    assert set(np.diff(ticks)) == {SAMPLES}
    for _, heard in decoded(packets):
        assert heard.dtype == np.float32 and heard.shape == (SAMPLES, 2)
        assert np.abs(heard).max() <= 1


def test_a_short_hole_becomes_silence_and_a_long_one_stays() -> None:
    samples = clicking(8, RATE, 1, (0, 1, 7))
    kept = [*range(25), *range(50, 75), *range(350, 400)]
    packets = coded(block(number, samples) for number in kept)
    steps = np.diff([each.packet.pts or 0 for each in packets])
    assert sorted(set(steps.tolist())) == [SAMPLES, 276 * SAMPLES]
    assert clicks(decoded(packets)) == pytest.approx([0, 1_000_000_000, 7_000_000_000], abs=3_000_000)


def test_what_overlaps_is_cut_off() -> None:
    samples = clicking(1, RATE, 1, ())
    twice = [block(number, samples) for number in (0, 1, 1, 0, 2, 3)]
    assert np.diff([each.packet.pts or 0 for each in coded(twice)]).tolist() == [SAMPLES] * 3


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-100, 3000), st.integers(0, 5000), st.sampled_from([8000, 44_100, 48_000]), st.booleans()
        ),
        max_size=12,
    )
)
def test_whatever_comes_the_packets_times_rise(blocks: list[tuple[int, int, int, bool]]) -> None:
    encoder, now_ms, ticks = OpusEncoder(), 0, list[int]()
    for step_ms, count, rate, stereo in blocks:
        now_ms = max(0, now_ms + step_ms)
        data = np.zeros((count, 1 + stereo), np.float32)
        sound = Frame(now_ms * 1_000_000, data=data, meta={"rate": rate})
        ticks += [each.packet.pts or 0 for each in encoder.encode(sound, 64_000)]
    assert all(after - before >= SAMPLES for before, after in pairwise(ticks))


def test_an_encoder_is_proven_by_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    prove()
    monkeypatch.setattr(OpusEncoder, "encode", lambda self, *args: [])
    with pytest.raises(InputError, match="gives nothing back"):
        prove()


@pytest.mark.parametrize(
    "data", [np.zeros(9, np.float32), np.zeros((9, 2), np.int16), "sound", np.zeros((9, 0), np.float32)]
)
def test_what_is_no_sound_is_said(data: object) -> None:
    with pytest.raises(InputError, match="no sound"):
        OpusEncoder().encode(Frame(0, data=data, meta={"rate": RATE}), 64_000)


def test_damaged_packets_are_counted_and_survived() -> None:
    heard: list[Heard] = []
    failures: list[Exception] = []
    decoder = OpusDecoder(heard.append, failures.append)
    good = coded([block(0, clicking(1, RATE, 1, ()))])[0]
    for data in (b"\xff\xff\xff\xff", bytes(good.packet)):
        decoder.put(OpusPacket(data, 0, 0.0))
    wait_for(lambda: decoder.decoded == 1)
    decoder.stop()
    assert decoder.errors >= 1 and not failures
