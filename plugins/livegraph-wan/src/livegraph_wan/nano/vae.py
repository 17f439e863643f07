"""The VAE of wan-nano: 4 frames of 8x8 px become one latent of 16 channels, streaming both ways.

Half of it is linear: a principal-component projection of 4x8x8x3 blocks and its transpose. The
convolutions only add what that projection misses; their last layers start at zero, so that the
untrained VAE is exactly the projection. Unlike the Wan VAE it has no latent for a first frame
alone: every latent holds four frames.
"""

from typing import ClassVar, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.grid import CHANNELS, FRAMES, STRIDE
from livegraph_wan.rhythm import RHYTHMS, Rhythm
from livegraph_wan.vae.base import State
from livegraph_wan.vae.cost import Flops, conv_flops

_BLOCK = FRAMES * 3 * STRIDE * STRIDE


class EncoderState(NamedTuple):
    """What the encoder keeps between calls."""

    frame: Tensor
    """The last frame seen, unshuffled by 4, `[B, 48, H/4, W/4]`."""


class DecoderState(NamedTuple):
    """What the decoder keeps between calls."""

    latent: Tensor
    """The last latent, normalised, `[B, 16, H/8, W/8]`."""
    features: Tensor
    """Features of the last frame drawn, `[B, width, H/4, W/4]`."""


def _conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class NanoVAE(nn.Module):
    """Pixels in -1..1 to normalised latents and back, `4n` frames at a time: a `StreamingVAE`.

    Stream and batch are one code path: `encode` and `decode` take and return the state that joins
    two calls, and None starts a stream (whatever came before is taken to equal the first frame).
    """

    rhythm: ClassVar[Rhythm] = RHYTHMS["nano"]
    mean: Tensor
    std: Tensor

    def __init__(self, width: int = 48, trunk: int = 192) -> None:
        super().__init__()
        self.project = nn.Conv2d(_BLOCK, CHANNELS, 1)
        self.restore = nn.Conv2d(CHANNELS, _BLOCK, 1)
        self.frame_in = _conv(2 * 48, width)
        self.frame_mid = _conv(4 * width, 64)
        self.chunk_in = _conv(FRAMES * 64, 128)
        self.chunk_out = _zero(_conv(128, CHANNELS))
        self.latent_in = _conv(2 * CHANNELS, trunk)
        self.latent_mid = _conv(trunk, trunk)
        self.latent_more = _zero(_conv(trunk, trunk))
        self.latent_out = _conv(trunk, FRAMES * 4 * width, kernel=1)
        self.draw_in = _conv(2 * width, width)
        self.draw_mid = _conv(width, width)
        self.draw_more = _zero(_conv(width, width))
        self.draw_out = _zero(_conv(width, 48))
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("std", torch.ones(CHANNELS))

    def decoder_parameters(self) -> list[nn.Parameter]:
        """What `decode` uses and `encode` does not: it may be trained on while latents stay what they are."""
        layers = (self.restore, self.latent_in, self.latent_mid, self.latent_more, self.latent_out)
        return [
            p
            for layer in (*layers, self.draw_in, self.draw_mid, self.draw_more, self.draw_out)
            for p in layer.parameters()
        ]

    @classmethod
    def from_blocks(cls, blocks: Tensor) -> Self:
        """A VAE whose linear part is the PCA of `blocks` `[n, 768]` (as `fold` gives them)."""
        vae = cls()
        centre = blocks.mean(0)
        _, axes = torch.linalg.eigh((blocks - centre).T @ (blocks - centre) / len(blocks))
        basis = axes.flip(1)[:, :CHANNELS]
        with torch.no_grad():
            vae.project.weight.copy_(basis.T[..., None, None])
            vae.project.bias.copy_(-(centre @ basis))  # type: ignore[union-attr]
            vae.restore.weight.copy_(basis[..., None, None])
            vae.restore.bias.copy_(centre)  # type: ignore[union-attr]
        return vae

    def encode(self, frames: Tensor, state: State | None) -> tuple[Tensor, EncoderState]:
        """`[B, 4n, 3, H, W]` in -1..1 to normalised latents `[B, 16, n, H/8, W/8]`."""
        batch, count = frames.shape[:2]
        self.rhythm.latents(count, first=state is None)
        latent = self.project(fold(frames)) + self._encode_detail(frames, state)
        latent = (latent - self._per_channel(self.mean)) / self._per_channel(self.std)
        last = F.pixel_unshuffle(frames[:, -1], 4)
        return torch.unflatten(latent, 0, (batch, count // FRAMES)).transpose(1, 2), EncoderState(last)

    def _encode_detail(self, frames: Tensor, state: State | None) -> Tensor:
        cells = F.pixel_unshuffle(frames, 4)
        first = cells[:, :1] if state is None else EncoderState(*state).frame[:, None]
        before = torch.cat([first, cells[:, :-1]], 1)
        x = F.silu(self.frame_in(torch.cat([cells, before], 2).flatten(0, 1)))
        x = F.silu(self.frame_mid(F.pixel_unshuffle(x, 2)))
        x = torch.unflatten(x, 0, (-1, FRAMES)).flatten(1, 2)
        detail: Tensor = self.chunk_out(F.silu(self.chunk_in(x)))
        return detail

    def decode(self, latents: Tensor, state: State | None) -> tuple[Tensor, DecoderState]:
        """Normalised latents `[B, 16, n, H/8, W/8]` to `[B, 4n, 3, H, W]`, about -1..1."""
        batch = latents.shape[0]
        first = latents[:, :, :1] if state is None else DecoderState(*state).latent[:, :, None]
        before = torch.cat([first, latents[:, :, :-1]], 2)
        now, before = (z.transpose(1, 2).flatten(0, 1) for z in (latents, before))
        trunk = F.silu(self.latent_in(torch.cat([now, before], 1)))
        trunk = trunk + F.silu(self.latent_mid(trunk))
        trunk = trunk + F.silu(self.latent_more(trunk))
        features = torch.unflatten(F.silu(self.latent_out(trunk)), 1, (FRAMES, -1))
        features = torch.unflatten(F.pixel_shuffle(features, 2), 0, (batch, -1)).flatten(1, 2)
        linear = now * self._per_channel(self.std) + self._per_channel(self.mean)
        frames = unfold(self.restore(linear), batch) + self._draw(features, state)
        return frames, DecoderState(latents[:, :, -1], features[:, -1])

    def _draw(self, features: Tensor, state: State | None) -> Tensor:
        first = features[:, :1] if state is None else DecoderState(*state).features[:, None]
        before = torch.cat([first, features[:, :-1]], 1)
        x = F.silu(self.draw_in(torch.cat([features, before], 2).flatten(0, 1)))
        x = x + F.silu(self.draw_mid(x))
        x = x + F.silu(self.draw_more(x))
        return torch.unflatten(F.pixel_shuffle(self.draw_out(x), 4), 0, features.shape[:2])

    def flops(self, height: int, width: int) -> Flops:
        """See `StreamingVAE.flops`."""
        cells = (height // STRIDE) * (width // STRIDE)
        # Frames are handled at a quarter of their sides, or with `frame_mid` at the latents' eighth.
        frames = FRAMES * (height // 4) * (width // 4)
        coarse = (self.project, self.chunk_in, self.chunk_out)
        trunk = (self.latent_in, self.latent_mid, self.latent_more, self.latent_out)
        drawing = (self.draw_in, self.draw_mid, self.draw_more, self.draw_out)
        encode = conv_flops(self.frame_in, frames) + conv_flops(self.frame_mid, FRAMES * cells)
        return Flops(
            encode + sum(conv_flops(layer, cells) for layer in coarse),
            sum(conv_flops(layer, cells) for layer in (self.restore, *trunk))
            + sum(conv_flops(layer, frames) for layer in drawing),
        )

    def _per_channel(self, values: Tensor) -> Tensor:
        return values.view(1, -1, 1, 1)


def fold(frames: Tensor) -> Tensor:
    """`[B, 4n, 3, H, W]` to blocks `[B*n, 768, H/8, W/8]`."""
    cells = F.pixel_unshuffle(frames, STRIDE)
    return torch.unflatten(cells, 1, (-1, FRAMES)).flatten(0, 1).flatten(1, 2)


def unfold(blocks: Tensor, batch: int) -> Tensor:
    """The inverse of `fold`."""
    cells = torch.unflatten(torch.unflatten(blocks, 1, (FRAMES, -1)), 0, (batch, -1)).flatten(1, 2)
    return F.pixel_shuffle(cells, STRIDE)
