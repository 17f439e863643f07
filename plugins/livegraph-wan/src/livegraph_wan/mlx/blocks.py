"""What the Wan VAE is built of; see `livegraph_wan.vae.blocks`. Arrays are `[B, T, H, W, C]`, channels last.

Metal has its fastest kernels for convolutions over pictures (Winograd's, for 3x3), and MLX takes them for three axes
only since ml-explore/mlx#3785. Here a convolution over three frames is one over pictures with three times the channels:
the same sums, in one kernel, on every version.
"""

from collections.abc import Iterable

import mlx.core as mx
import mlx.nn as nn

from livegraph_wan.mlx.layers import Module, conv, enlarge, newest

State = tuple[mx.array, ...]
"""What the layers keep between calls, in their order."""
PAST = 2
"""Frames before the present one that a convolution over time sees."""


class Carry:
    """One call's way through the layers: takes their past from a state, and gathers the next one. Layers find their own
    by order, which is the same at every call.
    """

    def __init__(self, state: State | None) -> None:
        self._before = state
        self._kept: list[mx.array] = []

    @property
    def first(self) -> bool:
        """Whether a stream begins."""
        return self._before is None

    @property
    def state(self) -> State:
        """What to begin the next call with."""
        return tuple(self._kept)

    def join(self, x: mx.array, past: int = PAST) -> mx.array:
        """`x` behind the `past` frames before it, which are zeros at the start of a stream."""
        if self._before is None:
            before = mx.zeros((x.shape[0], past, *x.shape[2:]), x.dtype)
        else:
            before = self._before[len(self._kept)]
        joined = mx.concatenate([before, x], 1)
        self.keep(joined, past)
        return joined

    def keep(self, x: mx.array, past: int) -> None:
        """Leave the last `past` frames of `x` to the next call."""
        self._kept.append(newest(x, past))


class TimeConv(Module):
    """A convolution over three frames, the last of them the present one, that keeps height and width."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.weight = mx.zeros((outputs, PAST + 1, kernel, kernel, inputs))
        self.bias = mx.zeros(outputs)

    def __call__(self, x: mx.array) -> mx.array:
        """`[B, T + 2, H, W, C]` to `[B, T, H, W, outputs]`, or to every `stride`th of these."""
        last = x.shape[1] - PAST
        near = mx.concatenate([x[:, at : at + last : self.stride] for at in range(PAST + 1)], -1)
        weight = self.weight.transpose(0, 2, 3, 1, 4).flatten(3)
        drawn = mx.conv2d(near.flatten(0, 1), weight, padding=self.kernel // 2) + self.bias
        return mx.unflatten(drawn, 0, (len(x), -1))


class PointConv(Module):
    """A convolution over single cells: a product of matrices."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = mx.zeros((outputs, 1, 1, 1, inputs))
        self.bias = mx.zeros(outputs)

    def __call__(self, x: mx.array) -> mx.array:
        return mx.addmm(self.bias, x, self.weight.flatten(1).T)


class RMSNorm(Module):
    """Root-mean-square normalisation over channels; `axes` (behind them) is part of the stored shape."""

    def __init__(self, channels: int, axes: int = 3) -> None:
        super().__init__()
        self.gamma = mx.ones((channels, *[1] * axes))

    def __call__(self, x: mx.array) -> mx.array:
        return mx.fast.rms_norm(x, self.gamma.flatten(), 1e-24)


class ResidualBlock(Module):
    """Two causal convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        first = [RMSNorm(inputs), nn.SiLU(), TimeConv(inputs, outputs)]
        second = [RMSNorm(outputs), nn.SiLU(), nn.Identity(), TimeConv(outputs, outputs)]  # a dropout, in training
        self.residual = [*first, *second]
        self.shortcut = nn.Identity() if inputs == outputs else PointConv(inputs, outputs)

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        return run(self.residual, x, carry) + self.shortcut(x)


class AttentionBlock(Module):
    """Self-attention within each frame, one head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = RMSNorm(channels, axes=2)
        self.to_qkv = conv(channels, 3 * channels, 1)
        self.proj = conv(channels, channels, 1)

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        frames = x.flatten(0, 1)
        tokens = self.to_qkv(self.norm(frames)).flatten(1, 2)[:, None]
        q, k, v = mx.split(tokens, 3, -1)
        seen = mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5)
        drawn: mx.array = self.proj(seen.reshape(frames.shape))
        return x + drawn.reshape(x.shape)


class Downsample(Module):
    """Half the height and width, and with `temporal` half the frames; a stream's first frame stays alone."""

    def __init__(self, channels: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = [nn.Identity(), nn.Conv2d(channels, channels, 3, stride=2)]
        if temporal:
            self.time_conv = TimeConv(channels, channels, 1, stride=2)

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        padded = mx.pad(x.flatten(0, 1), [(0, 0), (0, 1), (0, 1), (0, 0)])
        x = mx.unflatten(self.resample[1](padded), 0, (len(x), -1))
        if "time_conv" not in self:
            return x
        if not carry.first:
            halved: mx.array = self.time_conv(carry.join(x, 1))
            return halved
        carry.keep(x, 1)
        return x if x.shape[1] == 1 else mx.concatenate([x[:, :1], self.time_conv(x)], 1)


class Upsample(Module):
    """Twice the height and width, half the channels, and with `temporal` twice the frames.

    A stream's first frame stays alone and is no part of the temporal convolution's past: that begins with zeros at the
    second.
    """

    def __init__(self, channels: int, *, temporal: bool) -> None:
        super().__init__()
        self.resample = [nn.Identity(), conv(channels, channels // 2)]
        if temporal:
            self.time_conv = TimeConv(channels, 2 * channels, 1)

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        if "time_conv" in self:
            alone = 1 if carry.first else 0
            first, rest = x[:, :alone], x[:, alone:]
            joined = carry.join(rest)
            x = mx.concatenate([first, _interleave(self.time_conv(joined))], 1) if rest.shape[1] else first
        drawn = self.resample[1](enlarge(x.flatten(0, 1)))
        return mx.unflatten(drawn, 0, (len(x), -1))


def run(layers: Iterable[nn.Module], x: mx.array, carry: Carry) -> mx.array:
    """One layer after the other; those over time are given their past."""
    for layer in layers:
        if isinstance(layer, TimeConv):
            x = layer(carry.join(x))
        elif isinstance(layer, ResidualBlock | AttentionBlock | Downsample | Upsample):
            x = layer(x, carry)
        else:
            x = layer(x)
    return x


def _interleave(x: mx.array) -> mx.array:
    """`[B, T, H, W, 2C]` to `[B, 2T, H, W, C]`: of every frame first the one half, then the other."""
    return mx.unflatten(x, -1, (2, -1)).transpose(0, 1, 4, 2, 3, 5).flatten(1, 2)
