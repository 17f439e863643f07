"""The VAE of Wan 2.1, streaming both ways, with the module names of `Wan2.1_VAE.pth`.

Architecture, names and the frame rule (1, then 4 at a time) are those of the public release,
`wan/modules/vae.py` in Wan-Video/Wan2.1 (Apache-2.0), and agree with diffusers' AutoencoderKLWan.
Only the mean of the posterior is used, as in every engine that streams. Unlike there, a clip of any
number of whole latents goes through in one call, and the past is a tuple that the caller holds.
"""

from collections.abc import Iterator
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.grid import CHANNELS, FRAMES, STRIDE
from livegraph_wan.mps import Conv3d
from livegraph_wan.rhythm import RHYTHMS, Rhythm
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.base import State
from livegraph_wan.vae.blocks import (
    AttentionBlock,
    Downsample,
    ResidualBlock,
    RMSNorm,
    Upsample,
    causal,
    conv3d,
)
from livegraph_wan.vae.carry import Carry
from livegraph_wan.vae.cost import Flops, Grid, conv_flops
from livegraph_wan.vae.latents import LatentScale
from livegraph_wan.vae.scale import SourceScale

Layer = ResidualBlock | AttentionBlock | Downsample | Upsample


class _Coder(nn.Module):
    """What encoder and decoder share: a convolution, lists of layers in their `order`, and a head."""

    order: ClassVar[tuple[str, str]]

    def __init__(self, inputs: int, first: int, last: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv3d(inputs, first)
        self.head = nn.ModuleDict({"0": RMSNorm(last), "2": conv3d(last, outputs)})

    def forward(self, x: Tensor, carry: Carry) -> Tensor:
        x = causal(self.conv1, x, carry)
        for layer in self._layers():
            x = layer(x, carry)
        return causal(self.head["2"], F.silu(self.head["0"](x)), carry)

    def flops(self, grid: Grid) -> tuple[int, Grid]:
        total = conv_flops(self.conv1, grid.cells)
        for layer in self._layers():
            flops, grid = layer.flops(grid)
            total += flops
        return total + conv_flops(self.head, grid.cells), grid

    def _layers(self) -> Iterator[Layer]:
        for name in self.order:
            yield from getattr(self, name)


def _middle(width: int) -> nn.ModuleList:
    return nn.ModuleList([ResidualBlock(width, width), AttentionBlock(width), ResidualBlock(width, width)])


class _Encoder(_Coder):
    """Pixels `[B, 3, T, H, W]` to moments `[B, 32, t, H/8, W/8]`."""

    order = ("downsamples", "middle")

    def __init__(self, config: VAEArchitecture) -> None:
        widths = config.widths
        super().__init__(3, widths[0], widths[-1], 2 * CHANNELS)
        self.downsamples = nn.ModuleList()
        before = widths[0]
        for level, width in enumerate(widths):
            for _ in range(config.num_res_blocks):
                self.downsamples.append(ResidualBlock(before, width))
                before = width
            if level < len(widths) - 1:
                self.downsamples.append(Downsample(width, temporal=config.temporal_downsample[level]))
        self.middle = _middle(before)


class _Decoder(_Coder):
    """Latents `[B, 16, t, h, w]` to pixels `[B, 3, T, 8h, 8w]`."""

    order = ("middle", "upsamples")

    def __init__(self, config: VAEArchitecture) -> None:
        widths = config.widths[::-1]
        super().__init__(CHANNELS, widths[0], widths[-1], 3)
        self.middle = _middle(widths[0])
        self.upsamples = nn.ModuleList()
        before = widths[0]
        for level, width in enumerate(widths):
            for _ in range(config.num_res_blocks + 1):
                self.upsamples.append(ResidualBlock(before, width))
                before = width
            if level < len(widths) - 1:
                self.upsamples.append(Upsample(width, temporal=config.temporal_downsample[-1 - level]))
                before = width // 2


class WanVAE(nn.Module):
    """Pixels to latents and back: a `StreamingVAE`."""

    rhythm: ClassVar[Rhythm] = RHYTHMS["wan"]

    def __init__(self, config: VAEArchitecture | None = None, *, source: SourceScale = "normalised") -> None:
        """`source` is what the transformer's checkpoint wants `encode` to give; `decode` always denormalises."""
        super().__init__()
        config = config or VAEArchitecture()
        self.encoder = _Encoder(config)
        self.conv1 = Conv3d(2 * CHANNELS, 2 * CHANNELS, 1)
        self.conv2 = Conv3d(CHANNELS, CHANNELS, 1)
        self.decoder = _Decoder(config)
        self.scale = LatentScale()
        self.source = source

    def encode(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """See `StreamingVAE.encode`."""
        self.rhythm.latents(frames.shape[1], first=state is None)
        carry = Carry(state)
        moments = self.conv1(self.encoder(frames.transpose(1, 2), carry))
        mean = moments[:, :CHANNELS]
        return (self.scale.normalise(mean) if self.source == "normalised" else mean), carry.state

    def decode(self, latents: Tensor, state: State | None) -> tuple[Tensor, State]:
        """See `StreamingVAE.decode`."""
        carry = Carry(state)
        frames: Tensor = self.decoder(self.conv2(self.scale.denormalise(latents)), carry)
        return frames.transpose(1, 2), carry.state

    def flops(self, height: int, width: int) -> Flops:
        """See `StreamingVAE.flops`."""
        latent = Grid(1, height // STRIDE, width // STRIDE)
        encode, _ = self.encoder.flops(Grid(FRAMES, height, width))
        decode, _ = self.decoder.flops(latent)
        return Flops(
            encode + conv_flops(self.conv1, latent.cells),
            decode + conv_flops(self.conv2, latent.cells),
        )
