"""Makes `moving.mp4`: `python -m livegraph_media.samples.make [FILE]`. Needs scikit-image for the photograph."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from livegraph import Image
from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.ffmpeg import VideoStream, open_container
from livegraph_media.planes import MATRIX_CODE, frame_of
from livegraph_media.scene import Scene

WIDTH, HEIGHT, FPS = 512, 288, 24
SECONDS_EACH = 4
_OPTIONS = {"preset": "veryslow", "crf": "22", "g": "48"}


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("moving.mp4")
    with open_container(str(target), "w", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=FPS, options=_OPTIONS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = MATRIX_CODE["bt601"]
        context.color_range = 1
        for index, picture in enumerate(pictures()):
            frame = frame_of(rgb24_to_yuv420p(picture))
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def pictures() -> Iterator[Image]:
    """The photograph under a moving camera, then the drawn scene."""
    import skimage.data

    photograph: Image = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    count = SECONDS_EACH * FPS
    for index in range(count):
        yield seen(photograph, index / count)
    scene = Scene((WIDTH, HEIGHT), seed=3)
    for index in range(count):
        yield scene.draw(index / FPS)


def seen(photograph: Image, share: float) -> Image:
    """The photograph through a camera that comes nearer, tilts and drifts; `share` of the way, 0 to 1."""
    ease = share * share * (3 - 2 * share)
    scale = 0.94 - 0.34 * ease
    angle = 0.10 * math.sin(2 * math.pi * share)
    centre_x, centre_y = 0.50 - 0.06 * ease, 0.30 - 0.08 * ease
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, WIDTH), np.linspace(-0.5, 0.5, HEIGHT) * HEIGHT / WIDTH)
    columns = centre_x + scale * (x * math.cos(angle) - y * math.sin(angle))
    rows = centre_y + scale * (x * math.sin(angle) + y * math.cos(angle))
    return bilinear(photograph, rows * photograph.shape[0], columns * photograph.shape[1])


def bilinear(photograph: Image, rows: np.ndarray, columns: np.ndarray) -> Image:
    """The photograph at fractional rows and columns; its edges reach as far as they must."""
    rows = np.clip(rows, 0, photograph.shape[0] - 1.001)
    columns = np.clip(columns, 0, photograph.shape[1] - 1.001)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    upper = photograph[top, left] * (1 - right) + photograph[top, left + 1] * right
    lower = photograph[top + 1, left] * (1 - right) + photograph[top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down + 0.5, np.uint8)


if __name__ == "__main__":
    main()
