"""Image filters that the styles are made of.

Each takes `[N, C, H, W]` float32, colours in 0..1, unless it says otherwise.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def luma(x: Tensor) -> Tensor:
    """BT.601 luma, `[N, 1, H, W]`."""
    return (x * x.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def blur(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian with mirrored borders; `sigma` in pixels."""
    radius = max(1, math.ceil(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).repeat(x.shape[1], 1, 1, 1)
    x = F.pad(x, (radius, radius, radius, radius), mode="reflect")
    x = F.conv2d(x, kernel, groups=x.shape[1])
    return F.conv2d(x, kernel.transpose(2, 3), groups=x.shape[1])


def soft_steps(x: Tensor, levels: int, softness: float) -> Tensor:
    """Quantise to `levels` plateaus joined by smooth ramps; `softness` 1 is a straight line."""
    scaled = x * levels
    floor = scaled.floor()
    ramp = torch.sigmoid((scaled - floor - 0.5) * (6 / softness))
    low = torch.sigmoid(torch.tensor(-3 / softness))
    return (floor + (ramp - low) / (1 - 2 * low)) / levels


def slope(x: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along x and y, per pixel."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return (
        (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2,
        (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2,
    )


def ramp(x: Tensor, stops: list[tuple[float, float, float]]) -> Tensor:
    """Map `[N, 1, H, W]` in 0..1 through evenly spaced RGB stops, linearly."""
    table = x.new_tensor(stops)
    place = x[:, 0].clamp(0, 1) * (len(stops) - 1)
    index = place.floor().long().clamp(max=len(stops) - 2)
    part = (place - index).unsqueeze(-1)
    return (table[index] * (1 - part) + table[index + 1] * part).permute(0, 3, 1, 2)


def saturate(x: Tensor, gain: float) -> Tensor:
    """Push colours away from grey."""
    grey = luma(x)
    return (grey + gain * (x - grey)).clamp(0, 1)


def kuwahara(x: Tensor, radius: int, sharpness: float = 8.0) -> Tensor:
    """Generalised Kuwahara filter: eight shifted windows, weighted towards the flattest.

    Smooth weights (Papari et al. 2007) rather than a choice of one keep it steady under noise.
    """
    size = radius + 1 | 1
    margin = radius + size // 2
    padded = F.pad(x, (margin,) * 4, mode="reflect")
    mean = F.avg_pool2d(padded, size, stride=1)
    square = F.avg_pool2d(padded**2, size, stride=1)
    spread = (square - mean**2).clamp(min=0).sum(1, keepdim=True)
    total, weight = torch.zeros_like(x), torch.zeros_like(x[:, :1])
    height, width = x.shape[2:]
    for turn in range(8):
        dy = radius + round(0.7 * radius * math.sin(turn * math.pi / 4))
        dx = radius + round(0.7 * radius * math.cos(turn * math.pi / 4))
        window = (..., slice(dy, dy + height), slice(dx, dx + width))
        share = (spread[window] + 1e-3) ** (-sharpness / 2)
        total = total + mean[window] * share
        weight = weight + share
    return total / weight


def pixel_grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel coordinates `[H, W]`, y then x."""
    rows = torch.arange(x.shape[2], dtype=x.dtype, device=x.device)
    columns = torch.arange(x.shape[3], dtype=x.dtype, device=x.device)
    y, x_ = torch.meshgrid(rows, columns, indexing="ij")
    return y, x_
