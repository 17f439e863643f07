"""Levels of synthesised sounds against what they must be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from audio_support import BLOCK, RATE, blocks, heard, level, share, silence, sine
from hypothesis import given
from hypothesis import strategies as st

from livegraph import Frame, InputError

SINE_DB = 20 * math.log10(math.sqrt(0.5))


async def test_a_full_scale_sine_has_3_db_less_than_full_scale() -> None:
    assert pytest.approx(-3.01, abs=0.001) == SINE_DB
    for said in await heard(level(), sine(1000)):
        assert said["rms"] == pytest.approx(share(SINE_DB), abs=1e-6)


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
async def test_neither_the_rate_nor_equal_channels_change_it(rate: int, channels: int) -> None:
    said = await heard(level(), sine(1000, channels=channels, rate=rate), rate=rate, size=rate // 50)
    assert said[-1]["rms"] == pytest.approx(share(SINE_DB), abs=1e-6)
    assert said[-1]["mid"] == pytest.approx(share(SINE_DB), abs=1e-3)


async def test_half_the_channels_are_3_db_less() -> None:
    sound = sine(1000, channels=2)
    sound[:, 1] = 0
    assert (await heard(level(), sound))[-1]["rms"] == pytest.approx(share(SINE_DB - 3.0103), abs=1e-4)


@pytest.mark.parametrize(
    ("frequency", "band"), [(60, "low"), (100, "low"), (1000, "mid"), (3000, "mid"), (9000, "high")]
)
async def test_a_tone_is_in_its_band_and_in_no_other(frequency: float, band: str) -> None:
    said = (await heard(level(), sine(frequency)))[-1]
    assert said[band] == pytest.approx(share(SINE_DB), abs=0.005)
    for other in {"low", "mid", "high"} - {band}:
        assert said[other] < share(SINE_DB - 38), other


async def test_bands_add_up_to_the_whole() -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (RATE, 2)).astype(np.float32)
    said = await heard(level(window=1.0, floor_db=-100.0), noise, size=RATE)
    powers = {port: 10 ** ((value - 1) * 10) for port, value in said[-1].items()}
    assert powers["low"] + powers["mid"] + powers["high"] == pytest.approx(powers["rms"], rel=0.05)


async def test_edges_move_while_it_runs() -> None:
    node = level()
    assert (await heard(node, sine(1000)))[-1]["mid"] > 0.9
    node.params = node.params.model_copy(update={"low_to": 2000.0})
    said = (await heard(node, sine(1000), begin_ns=400_000_000))[-1]
    assert said["low"] > 0.9 > 0.5 > said["mid"]
    node.params = node.params.model_copy(update={"high_from": 500.0})  # below low_to: then there is no mid
    assert (await heard(node, sine(1000), begin_ns=800_000_000))[-1]["mid"] == 0


async def test_silence_is_nothing_and_so_is_a_constant_in_the_bands() -> None:
    assert await heard(level(), silence(0.1)) == [{"rms": 0, "low": 0, "mid": 0, "high": 0}] * 5
    said = (await heard(level(), np.full((RATE // 5, 1), 0.25, np.float32)))[-1]
    assert (said["low"], said["mid"], said["high"]) == (0, 0, 0)
    assert said["rms"] == pytest.approx(share(20 * math.log10(0.25)))


async def test_a_click_is_heard_in_its_block_and_stays_in_the_bands_for_a_window() -> None:
    sound = silence(0.4)
    sound[5 * BLOCK + 700] = 1
    said = await heard(level(window=0.04), sound)
    assert [index for index, each in enumerate(said) if each["rms"] > 0] == [5]
    assert {index for index, each in enumerate(said) if each["high"] > 0} <= {5, 6, 7}
    assert max(each["high"] for each in said) > 0


async def test_attack_and_release_follow_time_and_not_blocks() -> None:
    for size in (480, 960, 4800):
        node = level(attack=0.1, release=0.2)
        up = await heard(node, sine(1000, 0.1), size=size)
        assert up[-1]["rms"] == pytest.approx(share(SINE_DB) * (1 - math.exp(-1)), abs=1e-5)
        down = await heard(node, silence(0.2), begin_ns=100_000_000, size=size)
        assert down[-1]["rms"] == pytest.approx(up[-1]["rms"] * math.exp(-1), abs=1e-5)


async def test_a_hole_counts_as_time_and_keeps_nothing_of_before_in_the_bands() -> None:
    node = level(release=0.2)
    before = (await heard(node, sine(1000, 0.2)))[-1]
    after = (await heard(node, silence(0.02), begin_ns=1_180_000_000))[-1]
    assert after["mid"] == pytest.approx(before["mid"] * math.exp(-5))
    node.reset()
    assert (await heard(node, silence(0.02)))[-1]["rms"] == 0


async def test_the_kind_of_sound_may_change() -> None:
    node = level()
    await heard(node, sine(1000, 0.1, channels=2))
    said = await heard(node, sine(1000, 0.1, rate=16_000), rate=16_000, begin_ns=100_000_000, size=320)
    assert said[-1]["mid"] == pytest.approx(share(SINE_DB), abs=1e-3)


async def test_what_is_no_number_is_silence_and_what_is_no_sound_is_refused() -> None:
    broken = np.full((BLOCK, 1), np.nan, np.float32)
    broken[0] = np.inf
    assert (await heard(level(), broken))[0] == {"rms": 0, "low": 0, "mid": 0, "high": 0}
    assert await heard(level(), np.zeros((0, 2), np.float32)) == []
    assert await level().process(Frame(0, data=np.zeros((0, 2), np.float32), meta={"rate": RATE})) is None
    for data in (np.zeros(BLOCK, np.float32), np.zeros((BLOCK, 1)), "sound"):
        with pytest.raises(InputError, match="no sound"):
            await level().process(Frame(0, data=data, meta={"rate": RATE}))
    with pytest.raises(InputError, match="no sound"):
        await level().process(Frame(0, data=silence(0.1)))


@given(st.floats(-200, 60), st.integers(1, 3000), st.sampled_from([8000, 11_025, 48_000]))
async def test_every_value_lies_between_0_and_1(db: float, size: int, rate: int) -> None:
    node = level(floor_db=-30.0, attack=0.01, release=0.3)
    sound = sine(440, 0.05, amplitude=10 ** (db / 20), rate=rate)
    for block in blocks(sound, rate=rate, size=size):
        said = await node.process(block)
        assert said is not None
        assert all(0 <= value <= 1 for value in said.values())
