"""Films that flash white exactly when they click, and how to find both again."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from livegraph import Frame
from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.planes import frame_of

FPS = 25
PERIOD_NS = 1_000_000_000 // FPS
CLICK_S = 0.005


def clicking(seconds: float, rate: int, channels: int, clicks_s: Iterable[float]) -> np.ndarray:
    """float32 [samples, channels]: silence with 5 ms of 1 kHz at each of these times."""
    samples = np.zeros((round(seconds * rate), channels), np.float32)
    click = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(round(CLICK_S * rate)) / rate)
    for second in clicks_s:
        begin = round(second * rate)
        samples[begin : begin + len(click)] = click[: len(samples) - begin, None]
    return samples


def write_film(
    path: Path,
    seconds: float = 2.0,
    flashes: Iterable[int] = (10, 30),
    *,
    rate: int = 48_000,
    codec: str = "aac",
    layout: str = "stereo",
    format: str = "fltp",
    sound_s: float | None = None,
    late: bool = False,
) -> Path:
    """A dark film of 25 pictures a second, white and clicking at the pictures `flashes`. `sound_s`: how long the sound
    is, where it is of another length. `late`: its last packets stand at the end of the file, though it ends before.
    """
    flashes = set(flashes)
    channels = {"mono": 1, "stereo": 2}[layout]
    sound = clicking(seconds if sound_s is None else sound_s, rate, channels, (each / FPS for each in flashes))
    over = not late and sound_s is not None and round(sound_s * FPS)
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = output.add_stream(codec, rate=rate, layout=layout, format=format)
        for index in range(round(seconds * FPS)):
            picture = np.full((48, 64, 3), 255 if index in flashes else 16, np.uint8)
            frame = frame_of(rgb24_to_yuv420p(picture))
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(video.encode(frame))
            for block in _blocks(sound, index * rate // FPS, (index + 1) * rate // FPS, rate, layout):
                output.mux(audio.encode(block))
            if over and index == over:
                output.mux(audio.encode(None))
        for block in _blocks(sound, round(seconds * rate), len(sound), rate, layout):
            output.mux(audio.encode(block))
        if not over or over >= round(seconds * FPS):
            output.mux(audio.encode(None))
        output.mux(video.encode(None))
    return path


def _blocks(sound: np.ndarray, begin: int, end: int, rate: int, layout: str) -> Iterable[av.AudioFrame]:
    part = sound[begin:end]
    if len(part):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
        yield frame


def flashes_ns(pictures: Iterable[Frame]) -> list[int]:
    """When white pictures are shown."""
    return [frame.pts_ns for frame in pictures if frame.data.y.mean() > 128]


def clicks_ns(blocks: Iterable[Frame]) -> list[int]:
    """When clicks begin."""
    found: list[int] = []
    for block in blocks:
        for index in np.flatnonzero(np.abs(block.data).max(axis=1) > 0.3):
            when = block.pts_ns + int(index) * 1_000_000_000 // block.meta["rate"]
            if not found or when - found[-1] > 50_000_000:
                found.append(when)
    return found


def heard(path: Path) -> tuple[list[float], list[float], float]:
    """When a recording is white, when it clicks, and how long its sound is, in seconds."""
    with av.open(str(path)) as video:
        white = [float(f.pts * f.time_base) for f in video.decode(video=0) if f.to_ndarray(format="gray").mean() > 128]
    clicks, end = [], 0.0
    with av.open(str(path)) as video:
        for frame in video.decode(audio=0):
            begin = float(frame.pts * frame.time_base)
            end = begin + frame.samples / frame.sample_rate
            for index in np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.3):
                when = begin + index / frame.sample_rate
                if not clicks or when - clicks[-1] > 0.05:
                    clicks.append(when)
    return white, clicks, end
