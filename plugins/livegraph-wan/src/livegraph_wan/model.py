"""The causal Wan 2.1 transformer, with the module names of its original checkpoints.

Tensors: latents `[B, C, F, H, W]`, tokens `[B, F*S, dim]` where `S = (H/2)(W/2)`, timesteps
`[B, F]` in 0..1000, text `[B, L, text_dim]`.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.attention import LayerMemory, Memory
from livegraph_wan.grid import PATCH
from livegraph_wan.mps import attend
from livegraph_wan.profile import Architecture


def _wide(x: Tensor, rows: int) -> Tensor:
    return x.expand(rows, -1, -1, -1)


class KeyValue(NamedTuple):
    """Cross-attention keys and values of one layer, `[B, heads, text_len, head_dim]`, and those of an image."""

    k: Tensor
    v: Tensor
    k_image: Tensor | None = None
    v_image: Tensor | None = None

    def rows(self, count: int) -> "KeyValue":
        """The same for every row of a batch."""
        k_image, v_image = (None if t is None else _wide(t, count) for t in (self.k_image, self.v_image))
        return KeyValue(_wide(self.k, count), _wide(self.v, count), k_image, v_image)


class Prompt(NamedTuple):
    """A prompt as the transformer reads it."""

    text: Tensor
    """The embedding that it was read from, `[B, L, text_dim]`."""
    layers: tuple[KeyValue, ...]
    """Cross-attention keys and values."""
    image: Tensor | None = None
    """What an image encoder said of a still, `[B, tokens, image_dim]`, where it was read with one."""

    def rows(self, count: int) -> "Prompt":
        """The same prompt for every row of a batch."""
        return Prompt(self.text, tuple(layer.rows(count) for layer in self.layers))


class Attention(nn.Module):
    """The projections that self- and cross-attention share; q and k are normalised in full width."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(config.dim, config.dim) for _ in range(4))
        self.norm_q = nn.RMSNorm(config.dim, eps=config.eps)
        self.norm_k = nn.RMSNorm(config.dim, eps=config.eps)

    def split(self, x: Tensor) -> Tensor:
        """`[B, L, dim]` to `[B, L, heads, head_dim]`."""
        return torch.unflatten(x, -1, (self.heads, -1))

    def merge(self, x: Tensor) -> Tensor:
        """Attention's `[B, heads, L, head_dim]` through the output projection."""
        out: Tensor = self.o(x.transpose(1, 2).flatten(2))
        return out


class SelfAttention(Attention):
    """Attention among the frames that a memory holds."""

    def forward(self, x: Tensor, memory: LayerMemory) -> Tensor:
        q, k = self.split(self.norm_q(self.q(x))), self.split(self.norm_k(self.k(x)))
        seen = memory.exchange(q, k, self.split(self.v(x)))
        q, k, v = (t.transpose(1, 2) for t in seen[:3])
        return self.merge(attend(q, k, v, seen.mask))


class CrossAttention(Attention):
    """Attention to the prompt, whose keys and values are computed once; an I2V model also attends to its image."""

    def __init__(self, config: Architecture) -> None:
        super().__init__(config)
        self.image = config.image_dim > 0
        if self.image:
            self.k_img, self.v_img = nn.Linear(config.dim, config.dim), nn.Linear(config.dim, config.dim)
            self.norm_k_img = nn.RMSNorm(config.dim, eps=config.eps)

    def read(self, context: Tensor, image: Tensor | None) -> KeyValue:
        text = self._heads(self.norm_k(self.k(context))), self._heads(self.v(context))
        if image is None:
            return KeyValue(*text)
        return KeyValue(*text, self._heads(self.norm_k_img(self.k_img(image))), self._heads(self.v_img(image)))

    def _heads(self, x: Tensor) -> Tensor:
        return self.split(x).transpose(1, 2)

    def forward(self, x: Tensor, prompt: KeyValue) -> Tensor:
        q = self._heads(self.norm_q(self.q(x)))
        seen = attend(q, prompt.k, prompt.v)
        if prompt.k_image is not None and prompt.v_image is not None:
            seen = seen + attend(q, prompt.k_image, prompt.v_image)
        return self.merge(seen)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Scale and shift tokens `[B, F*S, dim]` by one vector per frame `[B, F, 1, dim]`."""
    return torch.addcmul(shift, torch.unflatten(x, 1, (shift.shape[1], -1)), 1 + scale).flatten(1, 2)


def gate(x: Tensor, y: Tensor, by: Tensor) -> Tensor:
    """`x + y * by`, with one gate vector per frame."""
    return x + (torch.unflatten(y, 1, (by.shape[1], -1)) * by).flatten(1, 2)


class Block(nn.Module):
    """Self-attention, cross-attention and a feed-forward layer, modulated by the timestep."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        dim, eps = config.dim, config.eps
        self.norm1 = nn.LayerNorm(dim, eps, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(dim, eps, elementwise_affine=False)
        self.norm3 = nn.LayerNorm(dim, eps)
        self.self_attn = SelfAttention(config)
        self.cross_attn = CrossAttention(config)
        self.ffn = nn.Sequential(nn.Linear(dim, config.ffn_dim), nn.GELU("tanh"), nn.Linear(config.ffn_dim, dim))
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)

    def forward(self, x: Tensor, time: Tensor, prompt: KeyValue, memory: LayerMemory) -> Tensor:
        parts = (self.modulation[:, None] + time).unsqueeze(3).unbind(2)
        shift, scale, keep, ffn_shift, ffn_scale, ffn_keep = parts
        x = gate(x, self.self_attn(modulate(self.norm1(x), shift, scale), memory), keep)
        x = x + self.cross_attn(self.norm3(x), prompt)
        return gate(x, self.ffn(modulate(self.norm2(x), ffn_shift, ffn_scale)), ffn_keep)


class ImageEmbedding(nn.Module):
    """Features of an image encoder, `[B, 257, image_dim]` from CLIP ViT-H, as tokens to attend to."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        width = config.image_dim
        self.proj = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, config.dim),
            nn.LayerNorm(config.dim),
        )

    def forward(self, features: Tensor) -> Tensor:
        tokens: Tensor = self.proj(features)
        return tokens


class Head(nn.Module):
    """Tokens back to latent patches."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim, config.eps, elementwise_affine=False)
        self.head = nn.Linear(config.dim, config.out_dim * PATCH * PATCH)
        self.modulation = nn.Parameter(torch.randn(1, 2, config.dim) / config.dim**0.5)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        shift, scale = (self.modulation[:, None] + time[:, :, None]).unsqueeze(3).unbind(2)
        out: Tensor = self.head(modulate(self.norm(x), shift, scale))
        return out


class WanTransformer(nn.Module):
    """Predicts the velocity `noise - clean` of latents, a block of frames at a time."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        window = (1, PATCH, PATCH)
        self.patch_embedding = nn.Conv3d(config.in_dim, dim, window, stride=window)
        self.text_embedding = nn.Sequential(nn.Linear(config.text_dim, dim), nn.GELU("tanh"), nn.Linear(dim, dim))
        self.time_embedding = nn.Sequential(nn.Linear(config.freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.head = Head(config)
        if config.image_dim:
            self.img_emb = ImageEmbedding(config)

    def read_prompt(self, text: Tensor, image: Tensor | None = None) -> Prompt:
        """Embed `[B, L, text_dim]`, zero-padded to `text_len`; the padding is attended to.

        `image`: the features that an I2V model wants beside it, `[B, tokens, image_dim]`.
        """
        missing = self.config.text_len - text.shape[1]
        if missing < 0:
            raise ValueError(f"a prompt of {text.shape[1]} tokens; at most {self.config.text_len} fit")
        context = self.text_embedding(F.pad(text, (0, 0, 0, missing)).to(self.dtype))
        tokens = None if image is None else self.img_emb(image.to(self.dtype))
        return Prompt(text, tuple(block.cross_attn.read(context, tokens) for block in self._blocks()), image)

    def forward(self, latents: Tensor, timesteps: Tensor, prompt: Prompt, memory: Memory) -> Tensor:
        """Velocity `[B, out_dim, F, H, W]` of latents `[B, in_dim, F, H, W]` at `timesteps` `[B, F]`."""
        time = self.time_embedding(timestep_embedding(timesteps, self.config.freq_dim).to(self.dtype))
        modulation = torch.unflatten(self.time_projection(time), -1, (6, -1))
        frames, height, width = latents.shape[2], latents.shape[3] // PATCH, latents.shape[4] // PATCH
        x = memory.crew.share(self._embed_patches(latents.to(self.dtype)), frames)
        for layer, (block, text) in enumerate(zip(self._blocks(), prompt.layers, strict=True)):
            x = block(x, modulation, text, memory.at(layer))
        out = memory.crew.whole(self.head(x, time), frames)
        patches = out.view(-1, frames, height, width, PATCH, PATCH, self.config.out_dim)
        return patches.permute(0, 6, 1, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4)

    @property
    def dtype(self) -> torch.dtype:
        return self.patch_embedding.weight.dtype

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def _embed_patches(self, latents: Tensor) -> Tensor:
        """`patch_embedding` as a product of matrices: a Conv3d of this shape is slow on CPUs."""
        patches = F.pixel_unshuffle(latents.transpose(1, 2).flatten(0, 1), PATCH)
        weight = self.patch_embedding.weight.flatten(1)
        x = F.linear(patches.flatten(2).transpose(1, 2), weight, self.patch_embedding.bias)
        return torch.unflatten(x, 0, (latents.shape[0], -1)).flatten(1, 2)


def timestep_embedding(timesteps: Tensor, channels: int) -> Tensor:
    """Cosines then sines of `[B, F]` timesteps at `channels / 2` frequencies, fp32.

    Angles are taken in fp64 where the device has it: at t = 1000 fp32 is off by 6e-5.
    """
    exact = torch.float32 if timesteps.device.type == "mps" else torch.float64
    half = channels // 2
    rates = torch.arange(half, device=timesteps.device, dtype=exact) * (-math.log(10000) / half)
    angles = timesteps.to(exact)[..., None] * rates.exp()
    return torch.cat([angles.cos(), angles.sin()], -1).float()
