from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from livegraph import Frame, Image, Yuv420p
from livegraph_vision.canny import Canny
from livegraph_vision.planes import planes_of
from livegraph_vision.temporal_blend import TemporalBlend

Build = Callable[..., Any]


def run(node: Any, pictures: list[Any]) -> list[Any]:
    return [node.process(Frame(n, data=picture)).data for n, picture in enumerate(pictures)]


@pytest.mark.parametrize("source", ["yuv", "grey", "rgb"])
def test_every_plane_follows_the_formula_in_every_format(
    build: Build, request: pytest.FixtureRequest, source: str
) -> None:
    first = request.getfixturevalue(source)
    pictures = [first, *_moved(first, 6)]
    shown = run(build(TemporalBlend, ratio=0.6), pictures)
    for index, _ in enumerate(planes_of(first)):
        exact = planes_of(first)[index].astype(float)
        for picture, out in zip(pictures, shown, strict=True):
            exact = 0.4 * planes_of(picture)[index] + 0.6 * exact
            assert np.abs(planes_of(out)[index] - exact).max() <= 0.51


def _moved(picture: Any, count: int) -> list[Any]:
    if not isinstance(picture, Yuv420p):
        return [np.roll(picture, 5 * n, 1) for n in range(1, count)]
    rolled = ([np.roll(plane, 5 * n, 1) for plane in planes_of(picture)] for n in range(1, count))
    return [Yuv420p(*planes, picture.matrix) for planes in rolled]


def test_a_plain_opencv_loop_is_met_within_a_level(build: Build, grey: Image) -> None:
    pictures = [np.roll(cv2.Canny(grey, 60, 120), 3 * n, 1) for n in range(30)]
    plain = [pictures[0]]
    for picture in pictures[1:]:
        plain.append(cv2.addWeighted(picture, 0.7, plain[-1], 0.3, 0))
    for ours, theirs in zip(run(build(TemporalBlend), pictures), plain, strict=True):
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_luma_chain_never_touches_chroma(build: Build, yuv: Yuv420p) -> None:
    edges, blend = build(Canny), build(TemporalBlend)
    seen = [
        blend.process(edges.process(Frame(n, data=picture))).data for n, picture in enumerate([yuv, *_moved(yuv, 4)])
    ]
    assert all(picture.u is picture.v is seen[0].u for picture in seen)


def test_the_first_frame_and_a_ratio_of_zero_pass_untouched(build: Build, rgb: Image) -> None:
    first, second = Frame(0, data=rgb), Frame(1, data=rgb[::-1])
    node = build(TemporalBlend)
    assert node.process(first) is first
    node = build(TemporalBlend, ratio=0)
    assert node.process(first) is first and node.process(second) is second


def test_energy_lessens_the_blend(build: Build) -> None:
    def after(energy: Any) -> int:
        node = build(TemporalBlend, ratio=0.8)
        node.process(Frame(0, data=np.zeros((2, 2), np.uint8)))
        white = Frame(1, data=np.full((2, 2), 200, np.uint8))
        return int(node.process(white, None if energy is None else Frame(1, data=energy)).data[0, 0])

    assert [after(energy) for energy in (None, 0.0, 0.5, 1.0)] == [40, 40, 120, 200]
    assert [after(energy) for energy in (-3.0, 7.0, float("nan"))] == [40, 200, 40]


def test_a_jump_forgets(build: Build, grey: Image) -> None:
    node = build(TemporalBlend, ratio=0.9)
    run(node, [grey, grey[::-1]])
    node.reset()
    frame = Frame(9, data=grey)
    assert node.process(frame) is frame


def test_another_size_range_or_format_starts_afresh(build: Build, yuv: Yuv420p, grey: Image) -> None:
    node = build(TemporalBlend, ratio=0.9)
    node.process(Frame(0, data=yuv))
    others = [Yuv420p(yuv.y, yuv.u, yuv.v, "bt709", True), Yuv420p(yuv.y, yuv.u, yuv.v, "bt601"), grey, grey[:40]]
    for number, picture in enumerate(others, start=1):
        frame = Frame(number, data=picture)
        assert node.process(frame) is frame


def test_pair_mixes_with_the_input_before(build: Build) -> None:
    pictures = [np.full((2, 2), level, np.uint8) for level in (0, 100, 200, 200)]
    shown = run(build(TemporalBlend, ratio=0.5, mode="pair"), pictures)
    assert [int(picture[0, 0]) for picture in shown] == [0, 50, 150, 200]
