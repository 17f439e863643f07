from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from livegraph import Frame
from livegraph_media.steady_sound import BLOCK, BLOCK_NS, SETTLE_NS, SteadySound

SECOND = 1_000_000_000
PART = 480


def card(begin_s: float, seconds: float, rate: int = 48_000, channels: int = 1, ppm: float = 0) -> list:
    """What a card that is fast by so many millionths gives, with its arrivals: a click of 1 ms in every true second."""
    true_rate = rate * (1 + ppm * 1e-6)
    heard = []
    for index in range(round(seconds * true_rate / PART)):
        times = begin_s + (index * PART + np.arange(PART)) / true_rate
        clicks = np.where(times % 1 < 0.001, np.float32(0.9), np.float32(0)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.tile(clicks, (channels, 1)), "fltp", {1: "mono", 2: "stereo"}[channels])
        frame.sample_rate, frame.pts, frame.time_base = rate, index * PART, Fraction(1, rate)
        heard.append((frame, round((times[-1] + 1 / true_rate) * SECOND)))
    return heard


def put(sound: SteadySound, heard: list, lost: bool = False) -> list[Frame]:
    blocks = []
    for frame, arrived_ns in heard:
        sound.put(frame, arrived_ns, lost)
        lost = False
        while (block := sound.take()) is not None:
            blocks.append(block)
    return blocks


def clicks_s(blocks: list[Frame]) -> list[float]:
    found: list[float] = []
    for block in blocks:
        for index in np.flatnonzero(block.data[:, 0] > 0.4):
            when = block.pts_ns / SECOND + index / 48_000
            if not found or when - found[-1] > 0.5:
                found.append(when)
    return found


@pytest.mark.parametrize(
    ("rate", "ppm", "given", "wanted"),
    [(48_000, 0, 2, 2), (48_000, 300, 2, 1), (48_000, -300, 1, 1), (44_100, 100, 1, 2), (16_000, 0, 1, 2)],
)
def test_what_a_drifting_card_hears_lies_on_the_run_s_clock(rate: int, ppm: float, given: int, wanted: int) -> None:
    sound = SteadySound(wanted)
    sound.begin(0)
    blocks = put(sound, card(100, 30, rate, given, ppm))
    for before, after in pairwise(blocks):
        assert after.pts_ns - before.pts_ns == BLOCK_NS
    assert {(block.data.shape, block.data.dtype.name) for block in blocks} == {((BLOCK, wanted), "float32")}
    assert {(block.meta["rate"], block.discontinuity) for block in blocks} == {(48_000, False)}
    assert blocks[0].pts_ns == pytest.approx(100 * SECOND + SETTLE_NS, abs=BLOCK_NS)
    clicks = clicks_s(blocks)
    assert clicks == pytest.approx(np.arange(101, 101 + len(clicks)), abs=0.006)
    assert len(clicks) == 29


def test_what_was_heard_before_anybody_wanted_it_is_left_out() -> None:
    sound = SteadySound(1)
    heard = card(100, 4)
    assert put(sound, heard[:200]) == []
    sound.begin(103 * SECOND)
    blocks = put(sound, heard[200:])
    assert blocks[0].pts_ns == pytest.approx(103 * SECOND, abs=BLOCK_NS)
    assert blocks[0].pts_ns >= 103 * SECOND
    assert not any(block.discontinuity for block in blocks)


def test_a_device_that_was_opened_anew_is_a_discontinuity() -> None:
    sound = SteadySound(2)
    sound.begin(0)
    first = put(sound, card(100, 2))
    second = put(sound, card(103.25, 3, 44_100, 2), lost=True)
    assert [block.discontinuity for block in (*first, *second)].index(True) == len(first)
    assert sum(block.discontinuity for block in second) == 1
    assert second[0].pts_ns == pytest.approx(103.25 * SECOND + SETTLE_NS, abs=BLOCK_NS)
    assert clicks_s(second) == pytest.approx([104, 105, 106], abs=0.003)
