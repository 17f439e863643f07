"""wan.i2v: a still set in motion, by causal models and by those with an image branch."""

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from painted_support import change, read
from PIL import Image

from livegraph import InputError
from livegraph.testing import run_graph
from livegraph_wan.nodes.i2v import WanI2V

Build = Callable[..., Any]


def draw(path: Path, seed: int, size: tuple[int, int] = (64, 32)) -> str:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture(params=["self_forcing", "image_to_video"])
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.getfixturevalue(request.param)
    return name


def test_pictures_come_at_the_rate_and_depend_on_the_still(build: Build, model: str, tmp_path: Path) -> None:
    stills = [draw(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    clips = [read(build(WanI2V, model=model, image=still, fps=8), 30) for still in stills]
    for frames in clips:
        assert {frame.data.shape for frame in frames} == {(32, 64, 3)}
        assert [frame.pts_ns for frame in frames] == [n * 125_000_000 for n in range(30)]
        assert not any(frame.discontinuity for frame in frames)
        assert all((a.data != b.data).any() for a, b in pairwise(frames))
    assert all((a.data != b.data).any() for a, b in zip(*clips, strict=True))


def test_another_still_begins_anew_between_two_chunks(build: Build, model: str, tmp_path: Path) -> None:
    first, second = (draw(tmp_path / f"{seed}.png", seed) for seed in (1, 2))
    node = build(WanI2V, model=model, image=first)
    shown = 12 if model == "self-forcing-1.3b" else 9
    read(node, shown)
    change(node, image=second)
    frames = read(node, shown)
    assert [frame.discontinuity for frame in frames] == [True, *[False] * (shown - 1)]
    alone = read(build(WanI2V, model=model, image=second), shown)
    assert all((a.data == b.data).all() for a, b in zip(frames, alone, strict=True))


def test_a_lower_resolution_goes_on_from_the_last_picture(build: Build, model: str, tmp_path: Path) -> None:
    node = build(WanI2V, model=model, image=draw(tmp_path / "still.png", 1), size="128x96")
    frames = read(node, 12)
    seen: list[np.ndarray] = []
    engine = node._artist.stream.loaded.stream
    begin_from = engine.begin_from
    engine.begin_from = lambda still: begin_from((seen.append(still), still)[1])
    change(node, resolution=0.5)
    frames += read(node, 18)
    assert node.status()["size"] == [64, 64]
    assert seen[0].shape == (64, 64, 3), "what was painted last, not the still"
    assert {frame.data.shape for frame in frames} == {(96, 128, 3)}
    assert [frame.pts_ns for frame in frames] == [n * 62_500_000 for n in range(30)]
    assert not any(frame.discontinuity for frame in frames)


def test_a_file_that_is_written_anew_is_another_still(build: Build, self_forcing: str, tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    node = build(WanI2V, image=draw(path, 1))
    read(node, 12)
    draw(path, 2)
    os.utime(path, ns=(1, 1))
    assert read(node, 1)[0].discontinuity


def test_a_picture_that_cannot_be_read(build: Build, self_forcing: str, said: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for wrong in (broken, tmp_path / "missing.png"):
        with pytest.raises(InputError, match=wrong.name):
            build(WanI2V, image=str(wrong))
    node = build(WanI2V, image=draw(tmp_path / "still.png", 1))
    read(node, 12)
    change(node, image=str(broken))
    assert not any(frame.discontinuity for frame in read(node, 36))
    assert [line for line in said if "the last one goes on" in line] == [line for line in said if "broken.png" in line]
    assert sum("broken.png" in line for line in said) == 1


def test_auto_is_the_stills_shape(build: Build, self_forcing: str, tmp_path: Path) -> None:
    node = build(WanI2V, image=draw(tmp_path / "tall.png", 1, (60, 120)))
    assert read(node, 1)[0].data.shape == (64, 32, 3)  # as many pixels as 64x32, twice as high as wide
    change(node, image=draw(tmp_path / "wide.png", 2, (120, 60)))
    assert read(node, 12)[-1].data.shape == (64, 32, 3)
    change(node, size="40x40")
    assert read(node, 13)[-1].data.shape == (40, 40, 3)


def test_a_graph_of_it_renders(image_to_video: str, tmp_path: Path) -> None:
    still = draw(tmp_path / "still.png", 1)
    params = {"backend": "torch-cpu", "dtype": "fp32", "image": still, "duration": 2.0}
    nodes = {"wan": {"use": "wan.i2v", "params": params}, "keep": {"use": "test.collect", "in": "wan"}}
    done = run_graph({"livegraph": 1, "name": "i2v", "nodes": nodes})
    assert done.outcome.error is None
    assert len(done.frames("keep")) == 32
    assert done.stats["mode"] == "offline"


def test_wan_nano_is_refused(tmp_path: Path) -> None:
    refused = WanI2V.unavailable(WanI2V.Params(model="wan-nano", image="still.png"))
    assert refused is not None
    assert "wan-nano cannot go on from a still; these can: self-forcing-1.3b" in refused
    assert "wan2.1-i2v-14b-480p" in refused
