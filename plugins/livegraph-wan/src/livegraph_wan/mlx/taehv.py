"""TAEHV, the tiny autoencoder for Wan 2.1's latents, with the names of its checkpoint `taew2_1`.

Layers, widths and conventions are those of madebyollin/taehv (MIT): convolutions over single frames, and blocks that
see the frame before as well. Latents are in model space, normalised. A stream's first latent takes four frames and
gives one: the first three pictures of a decoder that has seen nothing are cut off, so pictures come back three frames
later than they went in.
"""

from collections.abc import Sequence
from typing import ClassVar

import mlx.core as mx
import mlx.nn as nn

from livegraph_wan.grid import CHANNELS
from livegraph_wan.mlx.layers import Module, conv, enlarge, newest, run
from livegraph_wan.rhythm import RHYTHMS, Rhythm
from livegraph_wan.vae.scale import MEAN, STD, SourceScale

State = tuple[mx.array, ...]
"""Per `MemBlock`, in order, its last input `[B, 1, h, w, C]`."""

_LATENT_LIMIT = 3.0


class Clamp(Module):
    """Softly bound latents to -3..3."""

    def __call__(self, x: mx.array) -> mx.array:
        return mx.tanh(x / _LATENT_LIMIT) * _LATENT_LIMIT


class MemBlock(Module):
    """A residual block that sees the frame before; zeros before the first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = nn.ReLU(), conv(width, width), nn.ReLU()
        self.conv = [conv(2 * width, width), *inner, conv(width, width)]

    def __call__(self, x: mx.array, batch: int, before: mx.array | None) -> tuple[mx.array, mx.array]:
        """Frames `[B * T, h, w, C]` and the one before them to as many, and the last of them as it came."""
        frames = mx.unflatten(x, 0, (batch, -1))
        first = mx.zeros_like(frames[:, :1]) if before is None else before
        past = mx.concatenate([first, frames[:, :-1]], 1).flatten(0, 1)
        return nn.relu(run(self.conv, mx.concatenate([x, past], -1)) + x), newest(frames, 1)


class Pool(Module):
    """`stride` frames become one; named TPool there."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = conv(stride * width, width, 1, bias=False)

    def __call__(self, x: mx.array) -> mx.array:
        together = mx.unflatten(x, 0, (-1, self.stride)).transpose(0, 2, 3, 1, 4).flatten(3)
        pooled: mx.array = self.conv(together)
        return pooled


class Grow(Module):
    """One frame becomes `stride`, of twice the height and width; Upsample and TGrow there.

    A 1x1 convolution may as well come before an upsampling that repeats pixels, at a quarter of the cost.
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = conv(width, stride * width, 1, bias=False)

    def __call__(self, x: mx.array) -> mx.array:
        frames = mx.unflatten(self.conv(x), -1, (self.stride, -1)).transpose(0, 3, 1, 2, 4).flatten(0, 1)
        return enlarge(frames)


Layers = list[nn.Module]
"""Under their number; an Identity keeps that of a layer that another one takes in."""


def _encoder(width: int) -> Layers:
    layers: Layers = [conv(3, width), nn.ReLU()]
    for stride in (2, 2, 1):
        layers += [Pool(width, stride), conv(width, width, stride=2, bias=False)]
        layers += [MemBlock(width) for _ in range(3)]
    return [*layers, conv(width, CHANNELS)]


def _decoder(widths: tuple[int, int, int, int]) -> Layers:
    layers: Layers = [Clamp(), conv(CHANNELS, widths[0]), nn.ReLU()]
    for width, narrower, stride in zip(widths[:-1], widths[1:], (1, 2, 2), strict=True):
        layers += [MemBlock(width) for _ in range(3)]
        layers += [nn.Identity(), Grow(width, stride), conv(width, narrower, bias=False)]
    return [*layers, nn.ReLU(), conv(widths[-1], 3)]


class TAEHV(Module):
    """Pixels to latents and back, cheaply: a `StreamingVAE`."""

    rhythm: ClassVar[Rhythm] = RHYTHMS["taehv"]

    def __init__(self, *, source: SourceScale = "normalised") -> None:
        """`source` is what the transformer's checkpoint wants `encode` to give; `decode` takes normalised latents."""
        super().__init__()
        self.source = source
        self.encoder = _encoder(64)
        self.decoder = _decoder((256, 128, 64, 64))

    def encode(self, frames: mx.array, state: State | None) -> tuple[mx.array, State]:
        """`[B, 4n, H, W, 3]` in -1..1 to `[B, n, H/8, W/8, 16]`; ValueError for frames that are not whole fours."""
        self.rhythm.latents(frames.shape[1], first=state is None)
        latents, state = _run(self.encoder, frames * 0.5 + 0.5, state)
        if self.source == "raw":
            latents = latents * mx.array(STD, latents.dtype) + mx.array(MEAN, latents.dtype)
        return latents, state

    def decode(self, latents: mx.array, state: State | None) -> tuple[mx.array, State]:
        """`[B, n, h, w, 16]` to `[B, 4n, 8h, 8w, 3]`, about -1..1; at a stream's start three frames fewer."""
        trimmed = self.rhythm.delay if state is None else 0
        frames, state = _run(self.decoder, latents, state)
        return frames[:, trimmed:] * 2 - 1, state


def _run(layers: Sequence[nn.Module], x: mx.array, state: State | None) -> tuple[mx.array, State]:
    """Layers one after another over frames `[B, T, h, w, C]`."""
    batch, kept = len(x), list[mx.array]()
    x = x.flatten(0, 1)
    for layer in layers:
        if isinstance(layer, MemBlock):
            x, last = layer(x, batch, None if state is None else state[len(kept)])
            kept.append(last)
        else:
            x = layer(x)
    return mx.unflatten(x, 0, (batch, -1)), tuple(kept)
