"""Sending: an NDI sender for pictures of one size and one format."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

import numpy as np

from livegraph import Image, NodeError, Size, Yuv420p, size_of
from livegraph_ndi.colour import as_bt709
from livegraph_ndi.library import Cyndilib

Kind: TypeAlias = tuple[Size, str]
"""An even size, and NDI's name of a pixel format (its FourCC)."""


class Sending:
    """Receivers see it until `close`. `receivers`: how many took the last picture."""

    def __init__(self, ndi: Cyndilib, name: str, kind: Kind, rate: Fraction) -> None:
        self.kind = kind
        self.receivers = 0
        (width, height), fourcc = kind
        frame = ndi.VideoSendFrame()
        frame.set_resolution(width, height)
        frame.set_fourcc(getattr(ndi.FourCC, fourcc))
        frame.set_frame_rate(rate)
        self._sender = ndi.Sender(name, clock_video=False)  # the runtime calls at each picture's time
        self._sender.set_video_frame(frame)
        self._sender.open()
        self.name = self._sender.name
        self._bytes: Image = np.full(frame.shape, 255, np.uint8)
        self._planes = _planes(self._bytes, kind)

    def send(self, picture: Image | Yuv420p) -> None:
        """Send a picture of this sender's kind; an odd last row or column is left out."""
        parts = _channels(picture) if isinstance(picture, np.ndarray) else _yuv(picture)
        for target, part in zip(self._planes, parts, strict=True):
            np.copyto(target, part[: target.shape[0], : target.shape[1]])
        if not self._sender.write_video(self._bytes):
            raise NodeError(f"NDI sender {self.name} is not open any more")
        self.receivers = self._sender.get_num_connections(0.0)

    def close(self) -> None:
        self._sender.close()


def kind_of(picture: Image | Yuv420p) -> Kind:
    """What a sender for this picture must be. NDI sends even sizes only: it cuts odd ones itself, and garbles I420."""
    width, height = size_of(picture)
    return (width - width % 2, height - height % 2), "I420" if isinstance(picture, Yuv420p) else "RGBX"


def _planes(buffer: Image, kind: Kind) -> list[Image]:
    """Where the parts of a picture go in the bytes that NDI takes: Y, U and V one after the other, or R, G and B."""
    (width, height), fourcc = kind
    if fourcc == "RGBX":
        pixels = buffer.reshape(height, width, 4)
        return [pixels[..., channel] for channel in range(3)]
    luma, chroma = width * height, width * height // 4
    half = height // 2, width // 2
    return [
        buffer[:luma].reshape(height, width),
        buffer[luma : luma + chroma].reshape(half),
        buffer[luma + chroma :].reshape(half),
    ]


def _channels(picture: Image) -> list[Image]:
    return [picture[..., channel] for channel in range(3)]


def _yuv(picture: Yuv420p) -> list[Image]:
    converted = as_bt709(picture)
    return [converted.y, converted.u, converted.v]
