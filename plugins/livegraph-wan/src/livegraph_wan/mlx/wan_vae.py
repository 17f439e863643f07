"""The VAE of Wan 2.1, streaming both ways, with the names of `Wan2.1_VAE.pth`; see `livegraph_wan.vae.wan`."""

from typing import ClassVar

import mlx.core as mx
import mlx.nn as nn

from livegraph_wan.grid import CHANNELS
from livegraph_wan.mlx.blocks import (
    AttentionBlock,
    Carry,
    Downsample,
    PointConv,
    ResidualBlock,
    RMSNorm,
    State,
    TimeConv,
    Upsample,
    run,
)
from livegraph_wan.mlx.layers import Module
from livegraph_wan.rhythm import RHYTHMS, Rhythm
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.scale import MEAN, STD, SourceScale


def _middle(width: int) -> list[nn.Module]:
    return [ResidualBlock(width, width), AttentionBlock(width), ResidualBlock(width, width)]


class _Encoder(Module):
    """Pixels `[B, T, H, W, 3]` to moments `[B, t, H/8, W/8, 32]`."""

    def __init__(self, config: VAEArchitecture) -> None:
        super().__init__()
        widths = config.widths
        self.conv1 = TimeConv(3, widths[0])
        self.downsamples: list[nn.Module] = []
        before = widths[0]
        for level, width in enumerate(widths):
            for _ in range(config.num_res_blocks):
                self.downsamples.append(ResidualBlock(before, width))
                before = width
            if level < len(widths) - 1:
                self.downsamples.append(Downsample(width, temporal=config.temporal_downsample[level]))
        self.middle = _middle(before)
        self.head = [RMSNorm(before), nn.SiLU(), TimeConv(before, 2 * CHANNELS)]

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        return run([self.conv1, *self.downsamples, *self.middle, *self.head], x, carry)


class _Decoder(Module):
    """Latents `[B, t, h, w, 16]` to pixels `[B, T, 8h, 8w, 3]`."""

    def __init__(self, config: VAEArchitecture) -> None:
        super().__init__()
        widths = config.widths[::-1]
        self.conv1 = TimeConv(CHANNELS, widths[0])
        self.middle = _middle(widths[0])
        self.upsamples: list[nn.Module] = []
        before = widths[0]
        for level, width in enumerate(widths):
            for _ in range(config.num_res_blocks + 1):
                self.upsamples.append(ResidualBlock(before, width))
                before = width
            if level < len(widths) - 1:
                self.upsamples.append(Upsample(width, temporal=config.temporal_downsample[-1 - level]))
                before = width // 2
        self.head = [RMSNorm(before), nn.SiLU(), TimeConv(before, 3)]

    def __call__(self, x: mx.array, carry: Carry) -> mx.array:
        return run([self.conv1, *self.middle, *self.upsamples, *self.head], x, carry)


class WanVAE(Module):
    """Pixels to latents and back: a `StreamingVAE`."""

    rhythm: ClassVar[Rhythm] = RHYTHMS["wan"]

    def __init__(self, config: VAEArchitecture | None = None, *, source: SourceScale = "normalised") -> None:
        """`source` is what the transformer's checkpoint wants `encode` to give; `decode` always denormalises."""
        super().__init__()
        config = config or VAEArchitecture()
        self.source = source
        self.encoder = _Encoder(config)
        self.conv1 = PointConv(2 * CHANNELS, 2 * CHANNELS)
        self.conv2 = PointConv(CHANNELS, CHANNELS)
        self.decoder = _Decoder(config)

    def encode(self, frames: mx.array, state: State | None) -> tuple[mx.array, State]:
        """`[B, 1 + 4n, H, W, 3]` in -1..1, later `[B, 4n, ...]`, to latents `[B, t, H/8, W/8, 16]`; ValueError for
        frames that make no whole latents.
        """
        self.rhythm.latents(frames.shape[1], first=state is None)
        carry = Carry(state)
        latents = self.conv1(self.encoder(frames, carry))[..., :CHANNELS]
        if self.source == "normalised":
            latents = (latents - mx.array(MEAN, latents.dtype)) / mx.array(STD, latents.dtype)
        return latents, carry.state

    def decode(self, latents: mx.array, state: State | None) -> tuple[mx.array, State]:
        """`[B, t, h, w, 16]` to `[B, T, 8h, 8w, 3]`, about -1..1; a stream's first latent gives one frame."""
        carry = Carry(state)
        raw = latents * mx.array(STD, latents.dtype) + mx.array(MEAN, latents.dtype)
        return self.decoder(self.conv2(raw), carry), carry.state
