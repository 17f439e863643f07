from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from livegraph import Frame, Image, Yuv420p
from livegraph_vision.planes import neutral_chroma
from livegraph_vision.similarity import cosine, thumbnail
from livegraph_vision.similarity_skip import SimilaritySkip

Build = Callable[..., Any]


def kept(node: Any, pictures: list[Any], energy: float | None = None) -> list[bool]:
    signal = None if energy is None else Frame(0, data=energy)
    return [node.process(Frame(n, data=picture), signal) is not None for n, picture in enumerate(pictures)]


def at_similarity(picture: Image, similarity: float) -> Image:
    """A picture of the 64x64 `picture`'s mean level whose cosine to it is about `similarity`."""
    noise = np.random.default_rng(5).normal(0, 1, (64, 64))
    tangent = np.sqrt(1 / similarity**2 - 1)
    return np.clip(picture * (1 + tangent * noise), 0, 255).round().astype(np.uint8)


def test_a_still_picture_is_let_through_once_in_max_skip_and_one(build: Build, grey: Image) -> None:
    assert kept(build(SimilaritySkip, max_skip=3), [grey] * 9) == [True, False, False, False] * 2 + [True]


def test_what_is_kept_is_the_same_frame(build: Build, yuv: Yuv420p) -> None:
    frame = Frame(0, data=yuv)
    assert build(SimilaritySkip).process(frame) is frame


def test_other_pictures_are_always_kept(build: Build, grey: Image) -> None:
    assert all(kept(build(SimilaritySkip), [grey, 251 - grey] * 20))


def test_the_probability_is_the_clamped_share_above_the_threshold(build: Build) -> None:
    still = np.full((64, 64), 100, np.uint8)
    other = at_similarity(still, 0.99)
    similarity = cosine(thumbnail(still), thumbnail(other))
    node = build(SimilaritySkip, threshold=0.98, max_skip=1000)
    skipped = 0
    for _ in range(2000):
        node.reset()
        node.process(Frame(0, data=still))
        skipped += node.process(Frame(1, data=other)) is None
    assert skipped / 2000 == pytest.approx((similarity - 0.98) / 0.02, abs=0.04)


def test_the_seed_decides_and_nothing_else(build: Build) -> None:
    still = np.full((64, 64), 100, np.uint8)
    pictures = [still, at_similarity(still, 0.99)] * 50
    one, same, other = (kept(build(SimilaritySkip, seed=seed), pictures) for seed in (1, 1, 2))
    assert one == same != other
    assert 20 < sum(one) < 95


def test_a_slow_drift_is_compared_with_the_last_one_kept(build: Build) -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 3, (64, 1))
    drift = [np.roll(ramp, shift, 1) for shift in range(24)]
    assert 2 <= sum(kept(build(SimilaritySkip, threshold=0.9, max_skip=1000), drift)) < 24


def test_energy_lessens_the_skipping(build: Build, grey: Image) -> None:
    counts = [sum(kept(build(SimilaritySkip, max_skip=1000), [grey] * 200, energy)) for energy in (0.0, 0.5, 1.0)]
    assert counts[0] == 1 and 70 < counts[1] < 130 and counts[2] == 200


@pytest.mark.parametrize("params", [{"threshold": 1.0}, {"max_skip": 0}])
def test_both_ways_to_keep_everything(build: Build, grey: Image, params: dict[str, float]) -> None:
    assert all(kept(build(SimilaritySkip, **params), [grey] * 10))


def test_a_jump_keeps_the_next_frame(build: Build, grey: Image) -> None:
    node = build(SimilaritySkip)
    assert kept(node, [grey, grey]) == [True, False]
    node.reset()
    assert kept(node, [grey]) == [True]


def test_black_is_like_black_and_unlike_everything_else(build: Build, grey: Image) -> None:
    black = np.zeros((90, 160), np.uint8)
    assert kept(build(SimilaritySkip), [black, black, grey, black]) == [True, False, True, True]


def test_similarity_does_not_depend_on_the_range_of_the_format(grey: Image) -> None:
    full = np.clip((grey.astype(float) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)
    neutral = neutral_chroma(90, 160)
    assert cosine(thumbnail(full), thumbnail(Yuv420p(grey, neutral, neutral))) > 0.9999
    assert cosine(thumbnail(full), thumbnail(np.dstack([full] * 3))) > 0.9999
