"""TAEHV, the tiny autoencoder for Wan 2.1's latents, with the names of its checkpoint `taew2_1`.

Layers, widths and conventions are those of madebyollin/taehv (MIT). It is made of convolutions over
single frames; a `MemBlock` sees the frame before as well. Latents are in model space, normalised.

The encoder makes latent k of frames 4k..4k+3, while the latent stands, as Wan's does, for frames
4k-3..4k: that is what it was trained to (12 frames against the three latents that Wan makes of
their first nine, in the author's TAEHV_Training_Example), and why the decoder's first three
pictures are cut off. So pictures come back three frames later than they went in.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.grid import CHANNELS, FRAMES
from livegraph_wan.rhythm import RHYTHMS, Rhythm
from livegraph_wan.vae.base import State
from livegraph_wan.vae.blocks import Enlarge
from livegraph_wan.vae.carry import Carry, channels_as_last_axis, channels_as_second_axis
from livegraph_wan.vae.cost import Flops, Grid, conv_flops
from livegraph_wan.vae.latents import LatentScale
from livegraph_wan.vae.scale import SourceScale

_LATENT_LIMIT = 3.0


def _conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


class Clamp(nn.Module):
    """Softly bound latents to -3..3."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / _LATENT_LIMIT) * _LATENT_LIMIT


class MemBlock(nn.Module):
    """A residual block that sees the frame before; frames are `[B * T, C, H, W]`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        convs = [_conv(2 * width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width)]
        self.conv = nn.Sequential(*convs)

    def forward(self, x: Tensor, batch: int, carry: Carry) -> Tensor:
        clip = torch.unflatten(x, 0, (batch, -1)).transpose(1, 2)
        before = carry.join(clip, 1)[:, :, :-1].transpose(1, 2).flatten(0, 1)
        pairs = torch.cat([channels_as_last_axis(x), channels_as_last_axis(before)], -1)
        return F.relu(self.conv(channels_as_second_axis(pairs)) + x)


class Pool(nn.Module):
    """`stride` frames become one; named TPool there. Frames are `[B * T, C, H, W]`."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(stride * width, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        groups = torch.unflatten(channels_as_last_axis(x), 0, (-1, self.stride))
        out: Tensor = self.conv(channels_as_second_axis(groups.permute(0, 2, 3, 1, 4).flatten(3)))
        return out


class Grow(nn.Module):
    """One frame becomes `stride`, of twice the height and width; Upsample and TGrow there.

    A 1x1 convolution may as well come before an upsampling that repeats pixels, at a quarter of the cost.
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(width, stride * width, 1, bias=False)
        self.enlarge = Enlarge()

    def forward(self, x: Tensor) -> Tensor:
        groups = torch.unflatten(channels_as_last_axis(self.conv(x)), -1, (self.stride, -1))
        frames: Tensor = self.enlarge(channels_as_second_axis(groups.permute(0, 3, 1, 2, 4).flatten(0, 1)))
        return frames


def _named(layers: Sequence[nn.Module | None]) -> nn.ModuleDict:
    """Layers under their number; None keeps the number of a layer that another one takes in."""
    return nn.ModuleDict({str(number): layer for number, layer in enumerate(layers) if layer is not None})


def _encoder(width: int) -> nn.ModuleDict:
    layers: list[nn.Module] = [_conv(3, width), nn.ReLU()]
    for stride in (2, 2, 1):
        layers += [Pool(width, stride), _conv(width, width, stride=2, bias=False)]
        layers += [MemBlock(width) for _ in range(3)]
    return _named([*layers, _conv(width, CHANNELS)])


def _decoder(widths: tuple[int, int, int, int]) -> nn.ModuleDict:
    layers: list[nn.Module | None] = [Clamp(), _conv(CHANNELS, widths[0]), nn.ReLU()]
    for width, narrower, stride in zip(widths[:-1], widths[1:], (1, 2, 2), strict=True):
        layers += [MemBlock(width) for _ in range(3)]
        layers += [None, Grow(width, stride), _conv(width, narrower, bias=False)]
    return _named([*layers, nn.ReLU(), _conv(widths[-1], 3)])


class TAEHV(nn.Module):
    """Pixels to latents and back, cheaply: a `StreamingVAE`."""

    rhythm: ClassVar[Rhythm] = RHYTHMS["taehv"]

    def __init__(self, *, source: SourceScale = "normalised") -> None:
        """`source` is what the transformer's checkpoint wants `encode` to give; `decode` takes normalised latents."""
        super().__init__()
        self.encoder = _encoder(64)
        self.decoder = _decoder((256, 128, 64, 64))
        self.scale = LatentScale()
        self.source = source

    def encode(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """See `StreamingVAE.encode`."""
        self.rhythm.latents(frames.shape[1], first=state is None)
        latents, state = _run(self.encoder, frames * 0.5 + 0.5, state)
        latents = latents.transpose(1, 2)
        return (latents if self.source == "normalised" else self.scale.denormalise(latents)), state

    def decode(self, latents: Tensor, state: State | None) -> tuple[Tensor, State]:
        """See `StreamingVAE.decode`."""
        trimmed = FRAMES - self.rhythm.first_given if state is None else 0
        frames, state = _run(self.decoder, latents.transpose(1, 2), state)
        return frames[:, trimmed:] * 2 - 1, state

    def flops(self, height: int, width: int) -> Flops:
        """See `StreamingVAE.flops`."""
        encode, latent = _flops(self.encoder, Grid(FRAMES, height, width))
        decode, _ = _flops(self.decoder, latent)
        return Flops(encode, decode)


def _run(layers: nn.ModuleDict, x: Tensor, state: State | None) -> tuple[Tensor, State]:
    """Layers one after another over frames `[B, T, C, H, W]`."""
    carry, batch = Carry(state), x.shape[0]
    x = x.flatten(0, 1)
    for layer in layers.values():
        x = layer(x, batch, carry) if isinstance(layer, MemBlock) else layer(x)
    return torch.unflatten(x, 0, (batch, -1)), carry.state


def _flops(layers: nn.ModuleDict, grid: Grid) -> tuple[int, Grid]:
    total = 0
    for layer in layers.values():
        given = _given(layer, grid)
        # Whatever a layer does to the size, its convolutions run on the smaller side of it.
        total += conv_flops(layer, min(grid.cells, given.cells))
        grid = given
    return total, grid


def _given(layer: nn.Module, grid: Grid) -> Grid:
    """The size of what a layer makes of frames of size `grid`."""
    frames, height, width = grid
    match layer:
        case Pool():
            return Grid(frames // layer.stride, height, width)
        case Grow():
            return Grid(frames * layer.stride, 2 * height, 2 * width)
        case nn.Conv2d():
            return Grid(frames, height // layer.stride[0], width // layer.stride[1])
    return grid
