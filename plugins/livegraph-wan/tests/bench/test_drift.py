"""Statistics of a stream over time: what they are, and that a stream which drifts is found."""

from __future__ import annotations

import numpy as np
import pytest

from livegraph_wan.bench import drift
from livegraph_wan.bench.case import Case, case_of
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import ROUND, Grain, moving, still
from livegraph_wan.drift import Window, deviation, spectrum_of


def test_the_octaves_together_are_the_variance() -> None:
    luma = np.random.default_rng(1).normal(100, 20, (64, 48)).astype(np.float32)
    assert sum(spectrum_of(luma, octaves=6)) == pytest.approx(luma.var(), rel=1e-4)


@pytest.mark.parametrize(("period", "octave"), [(2, 0), (3, 0), (4, 1), (8, 2), (16, 3)])
def test_a_wave_is_in_its_octave(period: int, octave: int) -> None:
    wave = np.cos(2 * np.pi * np.arange(48) / period).astype(np.float32)
    for luma in (np.tile(wave, (48, 1)), np.tile(wave[:, None], (1, 48))):
        spectrum = spectrum_of(luma)
        assert spectrum[octave] == pytest.approx(sum(spectrum), rel=1e-3)


def test_what_is_brighter_has_drifted() -> None:
    pictures = moving((64, 48), 8)
    before, after = Window(), Window()
    before.add(pictures)
    after.add(pictures + 5)
    apart = deviation(after.statistics, before.statistics)
    assert apart.mean == pytest.approx(5, abs=0.01) and not apart.in_band
    assert deviation(before.statistics, before.statistics).in_band


def test_what_loses_its_detail_has_drifted() -> None:
    pictures = moving((64, 48), 8)
    soft = (pictures + np.roll(pictures, 1, 2).astype(np.int16)) // 2
    sharp, blurred = Window(), Window()
    sharp.add(pictures)
    blurred.add(soft.astype(np.uint8))
    assert deviation(blurred.statistics, sharp.statistics).spectrum < -drift.SPECTRUM_BAND


def test_the_scene_ends_as_it_began_and_stands_still_on_request() -> None:
    pictures = moving((64, 48), ROUND)
    steps = np.abs(np.diff(pictures.astype(float), axis=0, append=pictures[:1])).mean((1, 2, 3))
    assert steps.min() > 0 and steps[-1] < 1.5 * np.median(steps)
    assert (still((64, 48)) == pictures[0]).all()


def test_no_picture_with_grain_comes_twice() -> None:
    grain, picture = Grain((64, 48)), still((64, 48))
    noisy = np.concatenate([grain.on(picture), grain.on(picture)])
    assert len({one.tobytes() for one in noisy}) == 8
    assert (noisy.astype(float) - picture[0]).std() == pytest.approx(2, rel=0.1)


class Fading:
    """A stream whose pictures lose a hundredth of a level each."""

    frames = 4

    def __init__(self) -> None:
        self._gone = 0.0

    def reset(self) -> None: ...

    def step(self, pictures: np.ndarray, *, steps: int) -> np.ndarray:
        self._gone += 0.04
        return (pictures - self._gone).clip(0, 255).astype(np.uint8)


def small_case() -> Case:
    return case_of(Asked(size=(64, 48), backend="torch-cpu"))


def test_a_stream_that_fades_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "open_stream", lambda case, prompt: Fading())
    asked = Asked(size=(64, 48), backend="torch-cpu", drift=32.0)
    mean = next(found for found in drift.measure(asked, True) if hasattr(found, "bar"))
    assert mean.value > 5 and not mean.met
    assert list(mean.detail) == [f"window {number}" for number in range(1, 9)]


def test_wan_nano_keeps_to_the_band_for_seconds() -> None:
    figures = [found for found in drift.measure(Asked(size=(64, 48), backend="torch-cpu", drift=8.0), True)
               if hasattr(found, "bar")]  # fmt: skip
    assert len(figures) == 6 and all(figure.met for figure in figures), figures
