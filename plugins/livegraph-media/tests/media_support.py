"""What several tests need: a context that keeps what was said, and small videos."""

from __future__ import annotations

import time
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from hypothesis import settings

from livegraph import Context, EndOfStream, Frame
from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.frame_number import draw_frame_number
from livegraph_media.planes import frame_of

steady = settings(deadline=None, derandomize=True, max_examples=60)
"""For property tests: the same examples on every run, and as long as a busy machine needs."""


class RealClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep_until(self, when_ns: int) -> None:
        raise NotImplementedError


class Listening(Context):
    """A context whose `said` holds what a person would have read."""

    said: list[str]


def context(mode: str = "offline", **known: Any) -> Listening:
    said: list[str] = []
    ctx = Listening("node", mode, RealClock(), say=said.append, **known)  # type: ignore[arg-type]
    ctx.said = said
    return ctx


def built(cls: Any, ctx: Context | None = None, **params: Any) -> Any:
    """A node that is set up."""
    node = cls(cls.Params(**params), ctx or context())
    node.setup()
    return node


def numbered(number: int, size: tuple[int, int] = (128, 96)) -> np.ndarray:
    """A grey gradient with a frame number."""
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:] = np.linspace(30, 220, size[0], dtype=np.uint8)[None, :, None]
    draw_frame_number(picture, number)
    return picture


def write_video(path: Path, pictures: Iterable[np.ndarray], *, fps: int = 30, **options: Any) -> Path:
    """A small file with a picture per period; `pts` (ticks of 1/1000 s) and container `options` may be given."""
    pts = options.pop("pts", None)
    codec = options.pop("codec", "libx264")
    with av.open(str(path), "w", options={k: str(v) for k, v in options.items()}) as output:
        stream = None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = output.add_stream(codec, rate=fps, options={"preset": "ultrafast", "tune": "zerolatency"})
                stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], "yuv420p"
                stream.codec_context.time_base = Fraction(1, 1000) if pts else Fraction(1, fps)
            frame = frame_of(rgb24_to_yuv420p(picture))
            frame.pts, frame.time_base = (pts[index], Fraction(1, 1000)) if pts else (index, Fraction(1, fps))
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def read_all(node: Any, limit: int = 10_000) -> list[Frame]:
    """Every frame until the end; the node is torn down."""
    frames = []
    for _ in range(limit):
        item = node.read()
        if isinstance(item, EndOfStream):
            break
        if item is not None:
            frames.append(item)
    node.teardown()
    return frames
