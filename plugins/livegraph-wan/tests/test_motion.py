"""Motion-aware strength."""

import numpy as np
import pytest

from livegraph_wan.motion import MotionAware


def grey(*levels: int) -> np.ndarray:
    return np.stack([np.full((32, 48, 3), level, np.uint8) for level in levels])


def test_what_stands_still_gets_all_of_it() -> None:
    motion = MotionAware()
    assert [motion.strength(grey(9, 9, 9, 9), 0.8) for _ in range(3)] == pytest.approx([0.8] * 3)


def test_full_motion_takes_a_tenth_away_smoothly() -> None:
    motion = MotionAware()
    motion.strength(grey(0, 0), 0.8)
    strengths = [motion.strength(grey(0, 200), 0.8) for _ in range(4)]
    assert strengths == pytest.approx([0.71, 0.701, 0.7001, 0.70001])


def test_the_largest_step_counts_and_the_border_between_chunks_too() -> None:
    """RMS 0.1 on pixels in -1..1 is half of full motion."""
    motion = MotionAware()
    tenth = round(0.1 * 127.5)
    assert motion.strength(grey(0, 0, tenth, tenth), 0.8) == pytest.approx(0.8 - 0.9 * 0.1 * tenth / 127.5 / 0.2)
    motion = MotionAware()
    motion.strength(grey(0, 0), 0.8)
    assert motion.strength(grey(tenth, tenth), 0.8) == pytest.approx(0.8 - 0.9 * 0.1 * tenth / 127.5 / 0.2)


def test_another_size_is_no_motion() -> None:
    motion = MotionAware()
    motion.strength(grey(0, 0), 0.8)
    assert motion.strength(np.full((2, 64, 64, 3), 200, np.uint8), 0.8) == pytest.approx(0.8)
