"""Running the sides in turn, and what is told of them."""

from __future__ import annotations

import hashlib
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from livegraph import Figure, InputError

FRAMES, ROUNDS = 300, 5
_NEEDS = {"cv2": "opencv-python-headless", "livegraph_vision": "livegraph-vision"}
_BARS: Mapping[str, tuple[str, float]] = {
    "loop": ("speed beside a plain PyAV + OpenCV loop", 1.3),
    "tuned loop": ("the same with x264 tuned as the graph's", 1.0),
    "ffmpeg": ("speed beside ffmpeg's filters", 1.5),
}

Times = Mapping[str, list[float]]


@dataclass(frozen=True, slots=True)
class Race:
    """What is left of the rounds: the last films and the seconds by side, and the hashes of the graph's films."""

    films: Mapping[str, Path]
    times: Times
    hashes: set[str]


def measure(quick: bool) -> Iterator[Figure]:
    """A 720p H.264 film -> Canny -> blend with the picture before -> H.264 (x264 veryfast, CRF 23), made by a graph, by
    a plain PyAV + OpenCV loop, and by ffmpeg's edgedetect + tmix where ffmpeg is installed. They take turns, each in a
    process of its own; a speed is the median over the rounds of the other's seconds divided by the graph's of the same
    round. `sides` says what each one's seconds are. All films must have equally many frames as the source, and the
    graph's must look like the loop's: SSIM of luma (Wang et al. 2004) over each tenth frame. The graph's film must be
    the same, byte for byte, in every round.
    """
    for module, package in _NEEDS.items():
        if find_spec(module) is None:
            raise InputError(f"it needs {package}, which is not installed: pip install {package}")
    from livegraph_media.bench.clip import clip

    frames, rounds = (60, 1) if quick else (FRAMES, ROUNDS)
    source = clip(frames)
    with tempfile.TemporaryDirectory() as folder:
        race = _race(source, Path(folder), rounds)
        yield from _speeds(race.times, frames)
        yield from _films(source, race.films)
        yield Figure("films of the graph that differ from its first", len(race.hashes) - 1, "", 0)


def _race(source: Path, folder: Path, rounds: int) -> Race:
    from livegraph_media.bench.sides import sides

    contenders = sides()
    films = {name: folder / f"{name}.mp4" for name in contenders}
    race = Race(films, {name: [] for name in contenders}, set())
    for _ in range(rounds):
        for name, side in contenders.items():
            race.times[name].append(side(source, films[name]))
        race.hashes.add(hashlib.sha256(films["graph"].read_bytes()).hexdigest())
    return race


def _speeds(times: Times, frames: int) -> Iterator[Figure]:
    told = {name: f"{name} {frames / statistics.median(of):.0f} frames/s" for name, of in times.items()}
    for name, (what, bar) in _BARS.items():
        if name not in times:
            continue
        ratios = [other / ours for other, ours in zip(times[name], times["graph"], strict=True)]
        spread = f"rounds {min(ratios):.2f} to {max(ratios):.2f}"
        yield Figure(what, statistics.median(ratios), "x", bar, False, f"{told['graph']}, {told[name]}; {spread}")


def _films(source: Path, films: Mapping[str, Path]) -> Iterator[Figure]:
    from livegraph_media.bench.ssim import frame_count, likeness

    wanted = frame_count(source)
    counts = {name: frame_count(path) for name, path in films.items()}
    sizes = ", ".join(f"{name} {path.stat().st_size / 1e6:.1f} MB" for name, path in films.items())
    if "ffmpeg" not in films:
        sizes += "; ffmpeg is not installed, so it is not compared"
    missing = sum(abs(wanted - count) for count in counts.values())
    yield Figure("frames too few or too many", missing, "", 0, note=f"{wanted} in the source; {sizes}")
    yield Figure("likeness to the plain loop's film (SSIM)", likeness(films["graph"], films["loop"]), "", 0.95, False)
