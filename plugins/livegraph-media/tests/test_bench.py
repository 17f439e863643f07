"""The bench: its parts on small films; no test looks at a speed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from livegraph import InputError, Yuv420p
from livegraph.testing import run_graph
from livegraph_media.bench import clip, measure, sides

ssim = pytest.importorskip("livegraph_media.bench.ssim", exc_type=ImportError)
pytest.importorskip("livegraph_vision")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Twelve frames of the bench's clip, small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip, "SIZE", (320, 180))
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("clip")))
        yield clip.clip(12)


def noisy(seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (64, 80), dtype=np.uint8)


def test_ssim_of_a_plane_with_itself_is_1_and_with_other_noise_about_0() -> None:
    assert ssim.ssim(noisy(1), noisy(1)) == pytest.approx(1)
    assert abs(ssim.ssim(noisy(1), noisy(2))) < 0.05


def test_ssim_of_flat_planes_is_the_luminance_term() -> None:
    dark, light = np.full((32, 32), 100, np.uint8), np.full((32, 32), 120, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim.ssim(dark, light) == pytest.approx((2 * 100 * 120 + c1) / (100**2 + 120**2 + c1), abs=1e-4)


def test_the_clip_is_made_once(film: Path) -> None:
    with av.open(str(film)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (320, 180)
        assert video.average_rate is not None and float(video.average_rate) == clip.FPS
    assert ssim.frame_count(film) == 12
    before = film.stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip, "SIZE", (320, 180))
        patch.setattr("tempfile.tempdir", str(film.parent))
        assert clip.clip(12) == film
    assert film.stat().st_mtime_ns == before


def test_the_sides_make_films_of_equal_length_that_look_alike(film: Path, tmp_path: Path) -> None:
    made = {name: tmp_path / f"{name}.mp4" for name in sides.sides()}
    for name, side in sides.sides().items():
        assert side(film, made[name]) > 0
    assert {name: ssim.frame_count(path) for name, path in made.items()} == dict.fromkeys(made, 12)
    assert ssim.likeness(made["graph"], made["loop"]) >= 0.95


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        sides.graph(tmp_path / "absent.mp4", tmp_path / "out.mp4")


def test_without_opencv_the_bench_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install opencv-python-headless"):
        list(measure.measure(quick=True))


def test_twice_the_same_graph_offline_gives_the_same_planes(film: Path) -> None:
    first, second = (planes_of_a_run(film) for _ in range(2))
    assert len(first) == 12
    assert first == second


def planes_of_a_run(film: Path) -> list[str]:
    document: dict[str, Any] = sides.document(film, film.with_name("unused.mp4"))
    document["nodes"]["record"] = {"use": "test.collect", "in": "blend"}
    hashes = []
    for picture in run_graph(document).payloads("record"):
        assert isinstance(picture, Yuv420p)
        planes = (np.ascontiguousarray(plane).tobytes() for plane in (picture.y, picture.u, picture.v))
        hashes.append(hashlib.sha256(b"".join(planes)).hexdigest())
    return hashes
