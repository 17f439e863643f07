"""A checkpoint put together: encoders, transformer and VAE, with what a stream has to know of them."""

from typing import Protocol

import torch
from torch import Tensor, nn

from livegraph_wan.attention import Memory
from livegraph_wan.backend import Pictures
from livegraph_wan.model import Prompt, WanTransformer
from livegraph_wan.vae.base import StreamingVAE


class TextEncoder(Protocol):
    """One prompt to an embedding `[1, L, text_dim]`."""

    def read(self, prompt: str) -> Tensor: ...

    def knows(self, prompt: str) -> bool:
        """Whether `read` answers at once."""

    def release(self) -> None:
        """Free what `read` runs, until it has to run again."""


class ImageEncoder(Protocol):
    """A picture `[H, W, 3]` uint8 to features `[1, tokens, image_dim]`."""

    def read(self, picture: Pictures) -> Tensor: ...


class Wan(nn.Module):
    """A model of the family. `velocity` is what a sampler needs."""

    sees_source = False
    """Whether the source's latents are an input of their own, beside the noisy ones."""

    def __init__(
        self, transformer: WanTransformer, vae: StreamingVAE, text: TextEncoder, image: ImageEncoder | None = None
    ) -> None:
        """`image` is what an I2V transformer reads its still with."""
        super().__init__()
        self.transformer = transformer
        self.vae: StreamingVAE = vae
        self.text: TextEncoder = text
        self.image = image

    def beside(self, source: Tensor | None) -> Tensor | None:
        """What the transformer sees beside the noisy latents of a block with this source."""
        return source if self.sees_source else None

    def velocity(
        self, latents: Tensor, beside: Tensor | None, timesteps: Tensor, prompt: Prompt, memory: Memory
    ) -> Tensor:
        """`noise - clean` for `latents` `[B, 16, F, H, W]` at `timesteps` `[B, F]`, given what the model sees beside
        them (`[B, n, F, H, W]`: the source, or an I2V model's mask and image).
        """
        inputs = latents if beside is None else torch.cat([latents, beside.to(latents.dtype)], 1)
        out: Tensor = self.transformer(inputs, timesteps, prompt, memory)
        return out
