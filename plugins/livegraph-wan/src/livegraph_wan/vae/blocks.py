"""What the Wan VAE is built of. Tensors are `[B, C, T, H, W]`; parameters have their original names.

All is causal in time: a convolution over three frames sees two earlier ones, zeros at the start of
a stream, and hands its last two inputs on. So a clip in one call and the same clip in several give
the same numbers. `flops` is what a layer costs amid a stream, and the size of what it gives.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.mps import Conv3d, attend
from livegraph_wan.vae.carry import Carry, channels_as_last_axis, channels_as_second_axis
from livegraph_wan.vae.cost import Grid, conv_flops

TIME = 2
"""The time axis."""


def conv3d(inputs: int, outputs: int) -> Conv3d:
    """A 3x3x3 convolution that keeps height and width and gives two frames fewer: see `causal`."""
    return Conv3d(inputs, outputs, 3, padding=(0, 1, 1))


def causal(conv: nn.Module, x: Tensor, carry: Carry) -> Tensor:
    """Convolve over three frames, the present one the last of them."""
    out: Tensor = conv(carry.join(x, 2))
    return out


def _per_frame(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply a layer for pictures to every frame."""
    out: Tensor = layer(x.transpose(1, TIME).flatten(0, 1))
    return torch.unflatten(out, 0, (x.shape[0], -1)).transpose(1, TIME)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation over channels; `axes` (behind them) is part of the stored shape."""

    def __init__(self, channels: int, axes: int = 3) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels, *[1] * axes))

    def forward(self, x: Tensor) -> Tensor:
        # The original divides by max(norm, 1e-12). An epsilon under the root, far below what a
        # feature's square can be, comes to the same, and the fused kernels have it.
        gamma = self.gamma.flatten()
        return channels_as_second_axis(F.rms_norm(channels_as_last_axis(x), gamma.shape, gamma, 1e-24))


class ResidualBlock(nn.Module):
    """Two causal convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        first, second = conv3d(inputs, outputs), conv3d(outputs, outputs)
        layers = {"0": RMSNorm(inputs), "2": first, "3": RMSNorm(outputs), "6": second}
        self.residual = nn.ModuleDict(layers)
        self.shortcut = nn.Identity() if inputs == outputs else Conv3d(inputs, outputs, 1)

    def forward(self, x: Tensor, carry: Carry) -> Tensor:
        y = causal(self.residual["2"], F.silu(self.residual["0"](x)), carry)
        y = causal(self.residual["6"], F.silu(self.residual["3"](y)), carry)
        out: Tensor = y + self.shortcut(x)
        return out

    def flops(self, grid: Grid) -> tuple[int, Grid]:
        return conv_flops(self, grid.cells), grid


class AttentionBlock(nn.Module):
    """Self-attention within each frame, one head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = RMSNorm(channels, axes=2)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, carry: Carry) -> Tensor:
        return x + _per_frame(self._attend, x)  # type: ignore[arg-type]

    def _attend(self, x: Tensor) -> Tensor:
        tokens = self.to_qkv(self.norm(x)).flatten(2).transpose(1, 2)
        q, k, v = tokens.unsqueeze(1).chunk(3, -1)
        seen = attend(q, k, v).squeeze(1)
        out: Tensor = self.proj(torch.unflatten(seen.transpose(1, 2), 2, x.shape[2:]))
        return out

    def flops(self, grid: Grid) -> tuple[int, Grid]:
        tokens, channels = grid.height * grid.width, self.proj.out_channels
        attention = 2 * 2 * tokens * tokens * channels * grid.frames
        return conv_flops(self, grid.cells) + attention, grid


class Downsample(nn.Module):
    """Half the height and width, and with `temporal` half the frames; a stream's first frame stays alone."""

    def __init__(self, channels: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(channels, channels, 3, stride=2))
        self.time_conv = Conv3d(channels, channels, (3, 1, 1), stride=(2, 1, 1)) if temporal else None

    def forward(self, x: Tensor, carry: Carry) -> Tensor:
        x = _per_frame(self.resample, x)
        if self.time_conv is None:
            return x
        if not carry.first:
            out: Tensor = self.time_conv(carry.join(x, 1))
            return out
        carry.keep(x, 1)
        if x.shape[TIME] == 1:
            return x
        return torch.cat([x[:, :, :1], self.time_conv(x)], TIME)

    def flops(self, grid: Grid) -> tuple[int, Grid]:
        half = Grid(grid.frames, grid.height // 2, grid.width // 2)
        spatial = conv_flops(self.resample, half.cells)
        if self.time_conv is None:
            return spatial, half
        last = half._replace(frames=half.frames // 2)
        return spatial + conv_flops(self.time_conv, last.cells), last


class Enlarge(nn.Module):
    """Twice the height and width of pictures `[N, C, H, W]`, by repeating pixels.

    As `nn.Upsample` does it, but it leaves channels last in memory.
    """

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        pixels = channels_as_last_axis(x)[:, :, None, :, None]
        twice = pixels.expand(count, height, 2, width, 2, channels)
        return channels_as_second_axis(twice.reshape(count, 2 * height, 2 * width, channels))


class Upsample(nn.Module):
    """Twice the height and width, half the channels, and with `temporal` twice the frames.

    A stream's first frame stays alone and is no part of the temporal convolution's past: that begins
    with zeros at the second.
    """

    def __init__(self, channels: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = nn.Sequential(Enlarge(), nn.Conv2d(channels, channels // 2, 3, padding=1))
        self.time_conv = Conv3d(channels, 2 * channels, (3, 1, 1)) if temporal else None

    def forward(self, x: Tensor, carry: Carry) -> Tensor:
        if self.time_conv is not None:
            alone = 1 if carry.first else 0
            first, rest = x[:, :, :alone], x[:, :, alone:]
            joined = carry.join(rest, 2)
            x = torch.cat([first, _interleave(self.time_conv(joined))], TIME) if rest.shape[TIME] else first
        return _per_frame(self.resample, x)

    def flops(self, grid: Grid) -> tuple[int, Grid]:
        temporal = 0
        if self.time_conv is not None:
            temporal = conv_flops(self.time_conv, grid.cells)
            grid = grid._replace(frames=2 * grid.frames)
        twice = Grid(grid.frames, 2 * grid.height, 2 * grid.width)
        return temporal + conv_flops(self.resample, twice.cells), twice


def _interleave(x: Tensor) -> Tensor:
    """`[B, 2C, T, H, W]` to `[B, C, 2T, H, W]`: of every frame first the one half, then the other."""
    halves = torch.unflatten(channels_as_last_axis(x), -1, (2, -1))
    return channels_as_second_axis(halves.permute(0, 1, 4, 2, 3, 5).flatten(1, 2))
