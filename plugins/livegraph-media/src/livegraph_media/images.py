"""`media.images`: a folder of pictures as a video."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from livegraph import EndOfStream, Frame, InputError, Out, Param, Size, Source, Video
from livegraph_media.address import Address
from livegraph_media.size import SIZE_OR_SOURCE_PATTERN, parse_size

_EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
_GLOB = re.compile(r"[*?\[]")


class Images(Source):
    """Pictures of a folder, or of a glob such as `stills/*.png`, one after the other; `2.png` comes before `10.png`."""

    paced = True
    out: Out[Video] = Out(formats=("yuv420p", "rgb24", "gray8"))
    path: str = Param(remote=False, doc="a folder, a glob such as stills/*.png, or one picture")
    fps: float = Param(30.0, gt=0, le=1000, unit="fps", doc="pictures per second")
    loop: bool = Param(False, doc="begin again after the last picture")
    live: Literal["auto", True, False] = Param("auto", doc="whether time passes by itself; auto: no")
    size: str = Param(
        "auto", pattern=SIZE_OR_SOURCE_PATTERN, doc="WxH; source: their own; auto: what downstream prefers"
    )
    fit: Literal["crop", "letterbox"] = Param("crop", doc="how another shape is filled: cut off, or black bars")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return params.live is True

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        return parse_size(params.size, None)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    def setup(self) -> None:
        from livegraph_media.shape import Shaper

        self._files = find_pictures(self.path)
        size = parse_size(self.size, self.ctx.size_hint)
        self._shaper = Shaper(self.ctx.formats.get("out", "yuv420p"), size, self.fit, self.ctx.say)
        self._count = 0

    def read(self) -> Frame | EndOfStream:
        index, round_index = self._count, self._count % len(self._files)
        if index >= len(self._files) and not self.loop:
            return EndOfStream()
        self._count += 1
        pts_ns = self._pts_ns(index)
        picture = self._shaper.picture(read_picture(self._files[round_index]))
        jumped = index > 0 and round_index == 0 and len(self._files) > 1
        now_ns = self.ctx.clock.now_ns()
        return Frame(pts_ns, 0, self._pts_ns(index + 1) - pts_ns, now_ns, picture, discontinuity=jumped)

    def _pts_ns(self, index: int) -> int:
        return round(index * 1_000_000_000 / self.fps)


def find_pictures(text: str) -> list[Path]:
    """The pictures that `path` means, in natural order; InputError where there are none."""
    path = Path(text).expanduser()
    if path.is_dir():
        found = [each for each in path.iterdir() if each.suffix.lower() in _EXTENSIONS]
    elif path.is_file():
        found = [path]
    elif _GLOB.search(text):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        found = [each for each in anchor.glob(str(path.relative_to(path.anchor))) if each.is_file()]
    else:
        raise InputError(f"no folder or picture {path}")
    if not found:
        raise InputError(f"no pictures in {path} ({', '.join(sorted(_EXTENSIONS))})")
    return sorted(found, key=natural)


def natural(path: Path) -> list[tuple[int, int, str]]:
    """A sorting key by which numbers count as numbers, upper and lower case the same."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def read_picture(path: Path) -> Any:
    """One still as a decoded frame; InputError where it is none."""
    from livegraph_media.decode import Decoder

    decoder = Decoder(Address(f"file:{path}", "file", live=False, name=str(path), remote=False))
    try:
        frame = next(decoder.frames(), None)
    finally:
        decoder.close()
    if frame is None:
        raise InputError(f"{path} is no picture that can be decoded")
    return frame
