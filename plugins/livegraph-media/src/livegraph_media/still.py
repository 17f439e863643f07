"""`media.still`: one picture of a stream, as a file that others may look at."""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from livegraph import Frame, In, InputError, Param, Sink, Video
from livegraph_media.destination import failure


class Still(Sink):
    """Keeps a picture as a PNG: the first that comes, and another whenever `take` changes.

    The file is whole at every moment, so that what watches it (`wan.i2v` does) never reads half a picture.
    """

    records = True
    video: In[Video] = In(formats=("rgb24",))
    path: str = Param("out/still.png", live=True, remote=False, doc="a .png, which is written over")
    take: int = Param(0, ge=0, live=True, doc="another number keeps the picture that comes next")

    def setup(self) -> None:
        _checked(self.path)
        self._kept: tuple[str, int] | None = None

    def process(self, video: Frame) -> None:
        wanted = self.path, self.take
        if wanted != self._kept:
            write_png(_checked(self.path), video.data)
            self._kept = wanted
            self.ctx.say(f"kept {self.path}")


def write_png(path: Path, picture: Any) -> None:
    """`picture` is `[H, W, 3]` uint8; what lies at `path` gives way to it at once. `NodeError` where it cannot."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(png(picture))
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise failure(error, path) from error


def png(picture: Any) -> bytes:
    """`[H, W, 3]` uint8 as a PNG file."""
    from livegraph_media.ffmpeg import CodecContext, VideoFrame

    codec: Any = CodecContext.create("png", "w")
    codec.height, codec.width, codec.pix_fmt = picture.shape[0], picture.shape[1], "rgb24"
    codec.time_base = Fraction(1)
    frame = VideoFrame.from_ndarray(picture, format="rgb24")
    return b"".join(bytes(packet) for given in (frame, None) for packet in codec.encode(given))


def _checked(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: the name must end in .png")
    return path
