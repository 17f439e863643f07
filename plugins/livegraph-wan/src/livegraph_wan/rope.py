"""Rotary position embedding over time, height and width."""

import torch
from torch import Tensor

THETA = 10000.0


class RopeTable:
    """Cosines and sines for a fixed token grid; the frames' positions are chosen per call.

    A head's `d` channels are interleaved pairs, shared out as `d - 4*(d//6)` for time and
    `2*(d//6)` each for height and width (wan 2.1). Angles are taken in fp64, so that frame
    5000 is as exact as frame 0.
    """

    def __init__(self, head_dim: int, height: int, width: int, device: torch.device) -> None:
        sixth = head_dim // 6
        self._device = device
        self._time = _frequencies(head_dim - 4 * sixth)
        side = _frequencies(2 * sixth)
        rows = torch.outer(torch.arange(height, dtype=torch.float64), side)
        columns = torch.outer(torch.arange(width, dtype=torch.float64), side)
        grid = rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)
        self._space = self._upload(torch.cat(grid, -1).flatten(0, 1))

    def at(self, frames: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Cosine and sine `[len(frames) * height * width, 1, head_dim / 2]` fp32 on the device."""
        times = self._upload(torch.outer(torch.tensor(frames, dtype=torch.float64), self._time))
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

    def _upload(self, angles: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = (part.float().to(self._device, non_blocking=True) for part in (angles.cos(), angles.sin()))
        return cos, sin


def _frequencies(channels: int) -> Tensor:
    steps = torch.arange(0, channels, 2, dtype=torch.float64)
    return THETA ** (-steps / channels)


def rotate(x: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each channel pair of `[B, L, heads, head_dim]` by its angle, in fp32."""
    cos, sin = table
    even, odd = torch.unflatten(x.float(), -1, (-1, 2)).unbind(-1)
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return turned.flatten(-2).to(x.dtype)
