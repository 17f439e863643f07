"""The causal Wan 2.1 transformer, with the module names of its original checkpoints; see `livegraph_wan.model`.

Arrays: latents `[B, F, H, W, C]`, tokens `[B, F*S, dim]` where `S = (H/2)(W/2)`, text `[B, L, text_dim]`.
"""

from typing import NamedTuple

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray

from livegraph_wan.angles import of_timesteps
from livegraph_wan.grid import PATCH
from livegraph_wan.mlx.attention import Memory
from livegraph_wan.mlx.layers import Module, run
from livegraph_wan.profile import Architecture


class Times(NamedTuple):
    """Timesteps as a model reads them."""

    shares: mx.array
    """`[B, F]` fp32, 0..1."""
    embedding: mx.array
    """`[B, F, freq_dim]` fp32: cosines, then sines."""


def times_of(timesteps: NDArray[np.float64], freq_dim: int) -> Times:
    """Timesteps `[B, F]` in 0..1000. Angles are taken on the host in fp64: at 1000, fp32 is off by 6e-5."""
    angles = of_timesteps(timesteps, freq_dim)
    embedding = np.concatenate([np.cos(angles), np.sin(angles)], -1)
    return Times(*(mx.array(values.astype(np.float32)) for values in (timesteps / 1000, embedding)))


class KeyValue(NamedTuple):
    """Cross-attention keys and values of one layer, `[B, heads, text_len, head_dim]`, and those of an image."""

    k: mx.array
    v: mx.array
    k_image: mx.array | None = None
    v_image: mx.array | None = None


Prompt = tuple[KeyValue, ...]
"""A prompt as the transformer reads it: cross-attention keys and values per layer. Of one row, or of each."""


def attend(q: mx.array, k: mx.array, v: mx.array, mask: mx.array | None = None) -> mx.array:
    """Attention over `[B, heads, L, head_dim]`; keys and values of one row serve all."""
    if len(k) != len(q):
        k, v = (mx.broadcast_to(x, (len(q), *x.shape[1:])) for x in (k, v))
    return mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5, mask=mask)


class Attention(Module):
    """The projections that self- and cross-attention share; q and k are normalised in full width."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(config.dim, config.dim) for _ in range(4))
        self.norm_q = nn.RMSNorm(config.dim, eps=config.eps)
        self.norm_k = nn.RMSNorm(config.dim, eps=config.eps)

    def split(self, x: mx.array) -> mx.array:
        """`[B, L, dim]` to `[B, heads, L, head_dim]`."""
        return mx.unflatten(x, -1, (self.heads, -1)).swapaxes(1, 2)

    def merge(self, x: mx.array) -> mx.array:
        """The inverse of `split`, through the output projection."""
        return self.o(x.swapaxes(1, 2).flatten(2))


class SelfAttention(Attention):
    """Attention among the frames that a `Memory` holds."""

    def __call__(self, x: mx.array, memory: Memory, layer: int) -> mx.array:
        q, k = self.split(self.norm_q(self.q(x))), self.split(self.norm_k(self.k(x)))
        return self.merge(attend(*memory.exchange(layer, q, k, self.split(self.v(x)))))


class CrossAttention(Attention):
    """Attention to the prompt, whose keys and values are computed once; an I2V model also attends to its image."""

    def __init__(self, config: Architecture) -> None:
        super().__init__(config)
        if config.image_dim:
            self.k_img, self.v_img = nn.Linear(config.dim, config.dim), nn.Linear(config.dim, config.dim)
            self.norm_k_img = nn.RMSNorm(config.dim, eps=config.eps)

    def read(self, context: mx.array, image: mx.array | None) -> KeyValue:
        text = self.split(self.norm_k(self.k(context))), self.split(self.v(context))
        if image is None:
            return KeyValue(*text)
        return KeyValue(*text, self.split(self.norm_k_img(self.k_img(image))), self.split(self.v_img(image)))

    def __call__(self, x: mx.array, prompt: KeyValue) -> mx.array:
        q = self.split(self.norm_q(self.q(x)))
        seen = attend(q, prompt.k, prompt.v)
        if prompt.k_image is not None and prompt.v_image is not None:
            seen = seen + attend(q, prompt.k_image, prompt.v_image)
        return self.merge(seen)


def modulate(x: mx.array, shift: mx.array, scale: mx.array) -> mx.array:
    """Scale and shift tokens `[B, F*S, dim]` by one vector per frame `[B, F, 1, dim]`."""
    return (shift + mx.unflatten(x, 1, (shift.shape[1], -1)) * (1 + scale)).flatten(1, 2)


def gate(x: mx.array, y: mx.array, by: mx.array) -> mx.array:
    """`x + y * by`, with one gate vector per frame."""
    return x + (mx.unflatten(y, 1, (by.shape[1], -1)) * by).flatten(1, 2)


def _parts(modulation: mx.array, time: mx.array) -> list[mx.array]:
    """The vectors `[B, F, 1, dim]` of `[1, n, dim]` and `[B, F, n or 1, dim]`."""
    together = modulation[:, None] + time
    return [together[:, :, at : at + 1] for at in range(together.shape[2])]


class Block(Module):
    """Self-attention, cross-attention and a feed-forward layer, modulated by the timestep."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        dim, eps = config.dim, config.eps
        self.norm1 = nn.LayerNorm(dim, eps, affine=False)
        self.norm2 = nn.LayerNorm(dim, eps, affine=False)
        self.norm3 = nn.LayerNorm(dim, eps)
        self.self_attn = SelfAttention(config)
        self.cross_attn = CrossAttention(config)
        self.ffn = [nn.Linear(dim, config.ffn_dim), nn.GELU("tanh"), nn.Linear(config.ffn_dim, dim)]
        self.modulation = mx.zeros((1, 6, dim))

    def __call__(self, x: mx.array, time: mx.array, prompt: KeyValue, memory: Memory, layer: int) -> mx.array:
        shift, scale, keep, ffn_shift, ffn_scale, ffn_keep = _parts(self.modulation, time)
        x = gate(x, self.self_attn(modulate(self.norm1(x), shift, scale), memory, layer), keep)
        x = x + self.cross_attn(self.norm3(x), prompt)
        return gate(x, run(self.ffn, modulate(self.norm2(x), ffn_shift, ffn_scale)), ffn_keep)


class ImageEmbedding(Module):
    """Features of an image encoder, `[B, 257, image_dim]` from CLIP ViT-H, as tokens to attend to."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        width, dim = config.image_dim, config.dim
        inner = nn.Linear(width, width), nn.GELU(), nn.Linear(width, dim)
        self.proj = [nn.LayerNorm(width), *inner, nn.LayerNorm(dim)]

    def __call__(self, features: mx.array) -> mx.array:
        return run(self.proj, features)


class Head(Module):
    """Tokens back to latent patches."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim, config.eps, affine=False)
        self.head = nn.Linear(config.dim, config.out_dim * PATCH * PATCH)
        self.modulation = mx.zeros((1, 2, config.dim))

    def __call__(self, x: mx.array, time: mx.array) -> mx.array:
        shift, scale = _parts(self.modulation, time[:, :, None])
        return self.head(modulate(self.norm(x), shift, scale))


class WanTransformer(Module):
    """Predicts the velocity `noise - clean` of latents, a block of frames at a time."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        dim, window = config.dim, (1, PATCH, PATCH)
        self.patch_embedding = nn.Conv3d(config.in_dim, dim, window, window)
        self.text_embedding = [nn.Linear(config.text_dim, dim), nn.GELU("tanh"), nn.Linear(dim, dim)]
        self.time_embedding = [nn.Linear(config.freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim)]
        self.time_projection = [nn.SiLU(), nn.Linear(dim, 6 * dim)]
        self.blocks = [Block(config) for _ in range(config.num_layers)]
        self.head = Head(config)
        if config.image_dim:
            self.img_emb = ImageEmbedding(config)

    @property
    def dtype(self) -> mx.Dtype:
        return self.patch_embedding.weight.dtype

    def read_prompt(self, text: mx.array, image: mx.array | None = None) -> Prompt:
        """Embed `[B, L, text_dim]`, zero-padded to `text_len`; the padding is attended to.

        `image`: the features that an I2V model wants beside it, `[B, tokens, image_dim]`.
        """
        missing = self.config.text_len - text.shape[1]
        if missing < 0:
            raise ValueError(f"a prompt of {text.shape[1]} tokens; at most {self.config.text_len} fit")
        padded = mx.pad(text, [(0, 0), (0, missing), (0, 0)]).astype(self.dtype)
        context = run(self.text_embedding, padded)
        tokens = None if image is None else self.img_emb(image.astype(self.dtype))
        return tuple(block.cross_attn.read(context, tokens) for block in self.blocks)

    def __call__(self, latents: mx.array, times: Times, prompt: Prompt, memory: Memory) -> mx.array:
        """Velocity `[B, F, H, W, out_dim]` of latents `[B, F, H, W, in_dim]`."""
        time = run(self.time_embedding, times.embedding.astype(self.dtype))
        modulation = mx.unflatten(run(self.time_projection, time), -1, (6, -1))
        x = self._embed_patches(latents.astype(self.dtype))
        for layer, (block, text) in enumerate(zip(self.blocks, prompt, strict=True)):
            x = block(x, modulation, text, memory, layer)
        frames, height, width = latents.shape[1], latents.shape[2] // PATCH, latents.shape[3] // PATCH
        patches = self.head(x, time).reshape(-1, frames, height, width, PATCH, PATCH, self.config.out_dim)
        return patches.swapaxes(3, 4).flatten(4, 5).flatten(2, 3)

    def _embed_patches(self, latents: mx.array) -> mx.array:
        """`patch_embedding` as a product of matrices: its windows do not overlap."""
        batch, frames, height, width, channels = latents.shape
        patches = latents.reshape(batch, frames, height // PATCH, PATCH, width // PATCH, PATCH, channels)
        tokens = patches.swapaxes(3, 4).reshape(batch, -1, PATCH * PATCH * channels)
        return mx.addmm(self.patch_embedding.bias, tokens, self.patch_embedding.weight.flatten(1).T)
