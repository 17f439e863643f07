"""What wan-nano is judged on: clips that training never saw, and what each style makes of them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from livegraph_wan.nano.scenes import make_held_back_clip, photograph, to_bytes, to_float
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.stream import Stream

SIZE = 256
CHUNKS = 6
"""Chunks of four frames per clip; the last is measured, long after the window was full."""
Clip = NDArray[np.uint8]
"""`[4n, 256, 256, 3]`."""


def sources(count: int, seed: int, chunks: int = CHUNKS) -> Iterator[Clip]:
    """Photographs and scenes in turn."""
    rng = Generator().manual_seed(seed)
    for which in range(count):
        yield make_held_back_clip(rng, 4 * chunks, SIZE, which).numpy()


def still_of(name: str = "astronaut") -> Clip:
    """Four times the same photograph."""
    picture = torch.nn.functional.interpolate(photograph(name), (SIZE, SIZE), mode="bilinear", antialias=True)
    return to_bytes(picture.expand(4, -1, -1, -1)).numpy()


def render(style: str, frames: Clip) -> Clip:
    """A clip in a style, from its first frame on: some styles remember."""
    return to_bytes(STYLES[style](to_float(torch.from_numpy(frames)))).numpy()


def targets_of(source: Clip) -> dict[str, Clip]:
    """The last chunk of a clip in every style."""
    return {name: render(name, source)[-4:] for name in STYLES}


def run(stream: Stream, prompt: str, source: Clip, *, cut: int | None = None, **options: float) -> Clip:
    """Stream a clip from a cold start; at frame `cut` the stream forgets all that it has seen."""
    stream.reset()
    stream.set_prompt(prompt)
    made = []
    for start in range(0, len(source), 4):
        if start == cut:
            stream.reset()
        made.append(stream.step(source[start : start + 4], **options))  # type: ignore[arg-type]
    return np.concatenate(made)


def error_between(a: Clip, b: Clip) -> float:
    """Mean squared error in levels."""
    return float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))


def decibels(error: float) -> float:
    """PSNR of a mean squared error of 8-bit levels."""
    return float(10 * np.log10(255**2 / max(error, 1e-3)))
