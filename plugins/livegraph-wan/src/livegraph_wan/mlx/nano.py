"""wan-nano: text encoder, transformer and VAE, with the names of its weights; see `livegraph_wan.nano`."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import numpy as np

import livegraph_wan.nano
from livegraph_wan.backend import Embedding
from livegraph_wan.grid import CHANNELS, FRAMES, STRIDE
from livegraph_wan.mlx.attention import Memory
from livegraph_wan.mlx.convert import Weights, from_file, load
from livegraph_wan.mlx.layers import Module, conv, fold_pixels, newest, unfold_pixels
from livegraph_wan.mlx.model import Prompt, Times, WanTransformer
from livegraph_wan.mlx.wan import Wan
from livegraph_wan.nano.preconditioning import precondition
from livegraph_wan.nano.words import BUCKETS, PADDING, WIDTH, buckets_of
from livegraph_wan.profile import WAN_NANO, Architecture
from livegraph_wan.rhythm import RHYTHMS, Rhythm

SHIPPED = Path(livegraph_wan.nano.__path__[0]) / "weights"
"""The weights that come with the plugin, bf16."""
TRANSFORMER_FILE, VAE_FILE = "wan-nano.safetensors", "vae.safetensors"
_BLOCK = FRAMES * 3 * STRIDE * STRIDE


class NanoText(Module):
    """A word is the mean of its n-grams' vectors; an absent one is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(BUCKETS + 1, WIDTH)

    def knows(self, prompt: str) -> bool:
        """Every prompt is read at once."""
        return True

    def release(self) -> None:
        """Nothing is held that could be had again."""

    def read(self, prompt: str) -> Embedding:
        """`[1, 16, 64]`."""
        buckets = buckets_of(prompt)
        counts = np.maximum((buckets != PADDING).sum(-1, keepdims=True), 1)
        shares = mx.array(((buckets != PADDING) / counts).astype(np.float32))
        vectors = self.embedding(mx.array(buckets)).astype(mx.float32)
        return np.array((vectors * shares[..., None]).sum(1))[None]


class EncoderState(NamedTuple):
    """What the encoder keeps between calls."""

    frame: mx.array
    """The last frame seen, folded by 4, `[B, 1, H/4, W/4, 48]`."""


class DecoderState(NamedTuple):
    """What the decoder keeps between calls."""

    latent: mx.array
    """The last latent, normalised, `[B, 1, H/8, W/8, 16]`."""
    features: mx.array
    """Features of the last frame drawn, `[B, 1, H/4, W/4, width]`."""


class NanoVAE(Module):
    """Pixels in -1..1 to normalised latents and back, `4n` frames at a time; see `livegraph_wan.nano.vae`."""

    rhythm: ClassVar[Rhythm] = RHYTHMS["nano"]

    def __init__(self, width: int = 48, trunk: int = 192) -> None:
        super().__init__()
        self.project = conv(_BLOCK, CHANNELS, 1)
        self.restore = conv(CHANNELS, _BLOCK, 1)
        self.frame_in = conv(2 * 48, width)
        self.frame_mid = conv(4 * width, 64)
        self.chunk_in = conv(FRAMES * 64, 128)
        self.chunk_out = conv(128, CHANNELS)
        self.latent_in = conv(2 * CHANNELS, trunk)
        self.latent_mid = conv(trunk, trunk)
        self.latent_more = conv(trunk, trunk)
        self.latent_out = conv(trunk, FRAMES * 4 * width, 1)
        self.draw_in = conv(2 * width, width)
        self.draw_mid = conv(width, width)
        self.draw_more = conv(width, width)
        self.draw_out = conv(width, 48)
        self.mean = mx.zeros(CHANNELS)
        self.std = mx.ones(CHANNELS)

    def encode(self, frames: mx.array, state: EncoderState | None) -> tuple[mx.array, EncoderState]:
        """`[B, 4n, H, W, 3]` in -1..1 to normalised latents `[B, n, H/8, W/8, 16]`."""
        self.rhythm.latents(frames.shape[1], first=state is None)
        cells = fold_pixels(frames, 4)
        latents = self.project(_join(fold_pixels(frames, STRIDE))) + self._encode_detail(cells, state)
        latents = mx.unflatten((latents - self.mean) / self.std, 0, (len(frames), -1))
        return latents, EncoderState(newest(cells, 1))

    def _encode_detail(self, cells: mx.array, state: EncoderState | None) -> mx.array:
        x = _with_before(cells, None if state is None else state.frame)
        x = nn.silu(self.frame_in(x.flatten(0, 1)))
        x = nn.silu(self.frame_mid(fold_pixels(x, 2)))
        x = nn.silu(self.chunk_in(_join(mx.unflatten(x, 0, cells.shape[:2]))))
        detail: mx.array = self.chunk_out(x)
        return detail

    def decode(self, latents: mx.array, state: DecoderState | None) -> tuple[mx.array, DecoderState]:
        """Normalised latents `[B, n, H/8, W/8, 16]` to `[B, 4n, H, W, 3]`, about -1..1."""
        batch = len(latents)
        trunk = _with_before(latents, None if state is None else state.latent).flatten(0, 1)
        trunk = nn.silu(self.latent_in(trunk))
        trunk = trunk + nn.silu(self.latent_mid(trunk))
        trunk = trunk + nn.silu(self.latent_more(trunk))
        features = unfold_pixels(_split(nn.silu(self.latent_out(trunk)), batch), 2)
        linear = self.restore((latents * self.std + self.mean).flatten(0, 1))
        frames = unfold_pixels(_split(linear, batch), STRIDE) + self._draw(features, state)
        return frames, DecoderState(newest(latents, 1), newest(features, 1))

    def _draw(self, features: mx.array, state: DecoderState | None) -> mx.array:
        x = _with_before(features, None if state is None else state.features).flatten(0, 1)
        x = nn.silu(self.draw_in(x))
        x = x + nn.silu(self.draw_mid(x))
        x = x + nn.silu(self.draw_more(x))
        return unfold_pixels(mx.unflatten(self.draw_out(x), 0, features.shape[:2]), 4)


def _with_before(x: mx.array, before: mx.array | None) -> mx.array:
    """Each of `[B, T, h, w, C]` beside the one before it; what was before the first is taken to equal it."""
    first = x[:, :1] if before is None else before
    return mx.concatenate([x, mx.concatenate([first, x[:, :-1]], 1)], -1)


def _join(cells: mx.array) -> mx.array:
    """`[B, 4n, h, w, C]` to `[B*n, h, w, 4*C]`: four frames become channels."""
    return mx.unflatten(cells, 1, (-1, FRAMES)).flatten(0, 1).transpose(0, 2, 3, 1, 4).flatten(3)


def _split(x: mx.array, batch: int) -> mx.array:
    """The inverse of `_join`."""
    frames = mx.unflatten(x, -1, (FRAMES, -1)).transpose(0, 3, 1, 2, 4)
    return mx.unflatten(frames, 0, (batch, -1)).flatten(1, 2)


class NanoWan(Wan):
    """The whole small model: it sees the source beside the noise, and its transformer is preconditioned."""

    sees_source = True

    def __init__(self, architecture: Architecture = WAN_NANO.architecture) -> None:
        super().__init__(WanTransformer(architecture), NanoVAE(), NanoText())

    def velocity(
        self, latents: mx.array, beside: mx.array | None, times: Times, prompt: Prompt, memory: Memory
    ) -> mx.array:
        """See `livegraph_wan.nano.model`: the same, in fp32."""
        assert beside is not None
        sigma = times.shares[:, :, None, None, None]
        by = precondition(sigma)
        inputs = mx.concatenate([latents * by.scale, beside], -1)
        out = self.transformer(inputs, times, prompt, memory).astype(mx.float32)
        velocity: mx.array = by.velocity(latents, out, sigma)
        return velocity


def load_nano(folder: Path = SHIPPED) -> NanoWan:
    """A trained wan-nano in the files' own dtype; a missing or surplus weight is an error that names it."""
    vae = from_file(folder / VAE_FILE)
    weights = {**from_file(folder / TRANSFORMER_FILE), **{f"vae.{name}": value for name, value in vae.items()}}
    model = NanoWan(_architecture_of(weights))
    load(model, weights)
    return model


def _architecture_of(weights: Weights) -> Architecture:
    """How many blocks a wan-nano has, and how wide their feed-forward layers are, by its weights."""
    hidden = [len(value) for name, value in weights.items() if name.endswith("ffn.0.bias")]
    return replace(WAN_NANO.architecture, num_layers=len(hidden), ffn_dim=max(hidden, default=0))
