"""Rotary position embedding on torch; see `angles`."""

import numpy as np
import torch
from torch import Tensor

from livegraph_wan.angles import Angles, of_space, of_time
from livegraph_wan.transfer import upload


class RopeTable:
    """Cosines and sines for a fixed token grid; the frames' positions are chosen per call."""

    def __init__(self, head_dim: int, height: int, width: int, device: torch.device) -> None:
        self._head_dim, self._device = head_dim, device
        self._space = self._upload(of_space(height, width, head_dim))

    def at(self, frames: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Cosine and sine `[len(frames) * height * width, 1, head_dim / 2]` fp32 on the device."""
        times = self._upload(of_time(frames, self._head_dim))
        cos, sin = (
            torch.cat(
                [
                    time[:, None].expand(-1, len(space), -1),
                    space[None].expand(len(frames), -1, -1),
                ],
                -1,
            ).flatten(0, 1)[:, None]
            for time, space in zip(times, self._space, strict=True)
        )
        return cos, sin

    def _upload(self, angles: Angles) -> tuple[Tensor, Tensor]:
        cos, sin = upload(np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32), self._device)
        return cos, sin


def rotate(x: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each channel pair of `[B, L, heads, head_dim]` by its angle, in fp32."""
    cos, sin = table
    even, odd = torch.unflatten(x.float(), -1, (-1, 2)).unbind(-1)
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return turned.flatten(-2).to(x.dtype)
