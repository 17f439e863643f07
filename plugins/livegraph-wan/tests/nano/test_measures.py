"""The figures mean what they say: on streams whose outcome is known."""

import json

import numpy as np
import pytest

from livegraph_wan.nano import evaluate as evaluation
from livegraph_wan.nano import measures
from livegraph_wan.nano.held_back import Clip, decibels, render, run, sources, targets_of
from livegraph_wan.nano.measures import (
    drift_of,
    fine_energy,
    flicker_of,
    likeness,
    memory_of,
    monotony,
    seam_of,
    share_seen,
    strength_of,
)
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import TRAINING_PHRASES


class Painter:
    """A stream that renders a style perfectly, from all that it has seen since its last reset."""

    def __init__(self, style: str) -> None:
        self.style = style
        self.reset()

    def reset(self) -> None:
        self.seen: list[Clip] = []

    def set_prompt(self, prompt: str) -> None:
        self.prompt = prompt

    def step(self, frames: Clip, noise_scale: float = 0.8, steps: int = 1) -> Clip:
        self.seen.append(frames)
        painted = render(self.style, np.concatenate(self.seen))[-4:].astype(float)
        return (frames + min(1, noise_scale / 0.8) * (painted - frames)).round().astype(np.uint8)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips of 64 px."""
    from livegraph_wan.nano import held_back

    monkeypatch.setattr(held_back, "SIZE", 64)


@pytest.fixture
def clips() -> list[Clip]:
    return list(sources(2, 7, chunks=4))


def test_a_perfect_stream_is_told_apart_and_a_wrong_one_is_not(clips: list[Clip]) -> None:
    targets = [targets_of(clip) for clip in clips]
    right = likeness(Painter("sepia"), clips, targets, "sepia", ["any"])
    assert right.right == 1
    assert right.psnr > 60
    wrong = likeness(Painter("ink"), clips, targets, "sepia", ["any"])
    assert wrong.right == 0
    assert wrong.psnr < 20


def test_a_cut_harms_the_styles_that_remember_and_no_other() -> None:
    trails = memory_of(Painter("trails"), "trails", seed=7)
    assert trails["psnr_db"] > 60
    assert trails["psnr_cut_db"] < 40
    assert trails["change_levels"] > 0.1
    assert trails["seen"] == pytest.approx(1, abs=0.01)
    assert trails["seen_cut"] < 0.7
    sepia = memory_of(Painter("sepia"), "sepia", seed=7)
    assert sepia["psnr_db"] == sepia["psnr_cut_db"]
    assert sepia["change_levels"] == 0
    assert sepia["seen"] == 0


def test_an_afterimage_is_seen_by_its_share() -> None:
    alone, kept = (np.random.default_rng(seed).integers(0, 100, (4, 8, 8, 3), dtype=np.uint8) for seed in (1, 2))
    for share in (0, 1):
        assert share_seen([alone + share * kept], [alone + kept], [alone]) == share
    assert share_seen([alone + kept // 2], [alone + kept], [alone]) == pytest.approx(0.5, abs=0.02)
    assert share_seen([alone + kept], [alone], [alone]) == 0


def test_strength_is_the_distance_from_the_source(clips: list[Clip]) -> None:
    found = strength_of(Painter("sepia"), "sepia", clips[0])
    assert len(found) == len(measures.STRENGTHS)
    assert monotony(found)
    assert found[-1] == found[-2] == found[-3] > 3 * found[0]
    assert not monotony([1, 3, 2])
    assert monotony([1, 3, 2.8])


def test_a_still_stream_neither_flickers_nor_drifts() -> None:
    assert flicker_of(Painter("sepia"), "sepia") == 0
    still = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8).repeat(4, 0)
    assert set(drift_of(Painter("sepia"), "sepia", still, seconds=1).values()) == {0}


def test_drift_is_seen_whatever_drifts() -> None:
    class Fading(Painter):
        def step(self, frames: Clip, **options: float) -> Clip:
            self.seen.append(frames)
            noise = np.random.default_rng(1).normal(0, 0.2 * len(self.seen), frames.shape)
            return (frames.astype(float) * 0.99 ** len(self.seen) + noise).clip(0, 255).astype(np.uint8)

    still = np.linspace(60, 200, 64).astype(np.uint8).reshape(1, 1, 64, 1).repeat(4, 0).repeat(64, 1).repeat(3, 3)
    found = drift_of(Fading("photograph"), "photograph", still, seconds=6)
    assert found["change"] > 3
    assert found["mean"] < -3
    assert found["fine"] > 1


def test_fine_energy_is_of_the_finest_octave() -> None:
    x = np.arange(64)
    coarse, fine = (np.sin(2 * np.pi * x * f / 64)[None, None, :, None] * np.ones((1, 64, 1, 3)) for f in (4, 28))
    assert fine_energy(fine.astype(np.float32)) > 1e6 * fine_energy(coarse.astype(np.float32))


def test_seams_are_changes_that_the_target_has_not(clips: list[Clip]) -> None:
    class Stepping(Painter):
        def step(self, frames: Clip, **options: float) -> Clip:
            painted = super().step(frames).astype(int)
            within = np.arange(4).reshape(4, 1, 1, 1)
            return (painted * 0 + 100 + within + 9 * (len(self.seen) % 2)).astype(np.uint8)

    target = np.stack([render("photograph", clip) for clip in clips])
    flat = [np.zeros_like(clip) for clip in target]
    assert seam_of(Stepping("photograph"), flat, "photograph") > 5
    again = run(Painter("photograph"), "any", clips[0])
    assert decibels(float(np.square(again.astype(float) - clips[0]).mean())) > 60


def test_the_whole_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bar has its figure, as numbers that JSON can carry."""
    kept = {name: STYLES[name] for name in ("sepia", "ink", "trails", "afterglow", "oil", "neon", "photograph")}
    for module in (evaluation, measures):
        monkeypatch.setattr(module, "STYLES", kept)
    found = json.loads(json.dumps(evaluation.evaluate(Painter("sepia"), clips=2, drift_seconds=1)))
    assert set(found["styles"]) == set(kept)
    assert found["styles"]["sepia"]["nearest_own"] == 1
    assert found["styles"]["ink"]["nearest_own_held_back_wording"] == 0
    assert found["summary"]["psnr_db_worst"] == min(style["psnr_db"] for style in found["styles"].values())
    assert found["summary"]["second_step_gain_db_worst"] == 0
    assert set(found["memory"]) == {"trails", "afterglow", "photograph"}
    assert found["strength"]["monotone"]["sepia"]
    assert found["drift"]["still, oil"]["change"] == 0
    assert found["fps"]["1_step"] > 0
    assert len(TRAINING_PHRASES["sepia"]) >= 5
