"""A checkpoint put together: text encoder, transformer and VAE; see `livegraph_wan.wan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import mlx.core as mx

from livegraph_wan.backend import Embedding, Pictures
from livegraph_wan.mlx.attention import Memory
from livegraph_wan.mlx.layers import Module
from livegraph_wan.mlx.model import Prompt, Times, WanTransformer
from livegraph_wan.rhythm import Rhythm

if TYPE_CHECKING:
    from livegraph_wan.wan import ImageEncoder as TorchImageEncoder
    from livegraph_wan.wan import TextEncoder as TorchTextEncoder


class StreamingVAE(Protocol):
    """Pixels `[B, T, H, W, 3]` in -1..1 to latents `[B, t, H/8, W/8, 16]` and back. The state, a tuple of arrays, joins
    two calls; None starts a stream. T is as `Rhythm.latents` asks; ValueError otherwise.
    """

    rhythm: ClassVar[Rhythm]

    def encode(self, frames: mx.array, state: Any) -> tuple[mx.array, Any]: ...

    def decode(self, latents: mx.array, state: Any) -> tuple[mx.array, Any]: ...


class TextEncoder(Protocol):
    """One prompt to an embedding."""

    def read(self, prompt: str) -> Embedding: ...

    def knows(self, prompt: str) -> bool:
        """Whether `read` answers at once."""

    def release(self) -> None:
        """Free what `read` runs, until it has to run again."""


class ImageEncoder(Protocol):
    """A picture `[H, W, 3]` to features `[1, tokens, image_dim]`."""

    def read(self, picture: Pictures) -> Embedding: ...


class TorchImage:
    """An image encoder of torch's, on the host: stills change seldom."""

    def __init__(self, encoder: TorchImageEncoder) -> None:
        self._encoder = encoder

    def read(self, picture: Pictures) -> Embedding:
        features: Embedding = self._encoder.read(picture).float().cpu().numpy()
        return features


class TorchText:
    """A text encoder of torch's, read on the host: prompts change seldom."""

    def __init__(self, encoder: TorchTextEncoder) -> None:
        self._encoder = encoder

    def read(self, prompt: str) -> Embedding:
        embedding: Embedding = self._encoder.read(prompt).float().cpu().numpy()
        return embedding

    def knows(self, prompt: str) -> bool:
        return self._encoder.knows(prompt)

    def release(self) -> None:
        self._encoder.release()


class Wan(Module):
    """A model of the family. `velocity` is what a sampler needs."""

    sees_source = False
    """Whether the source's latents are an input of their own, beside the noisy ones."""

    def __init__(
        self, transformer: WanTransformer, vae: StreamingVAE, text: TextEncoder, image: ImageEncoder | None = None
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.vae = vae
        self.text = text
        self.image = image

    def beside(self, source: mx.array | None) -> mx.array | None:
        """What the transformer sees beside the noisy latents of a block with this source."""
        return source if self.sees_source else None

    def velocity(
        self, latents: mx.array, beside: mx.array | None, times: Times, prompt: Prompt, memory: Memory
    ) -> mx.array:
        """`noise - clean` for `latents` `[B, F, H, W, 16]`, given what the model sees beside them (`[B, F, H, W, n]`:
        the source, or an I2V model's mask and image).
        """
        inputs = latents if beside is None else mx.concatenate([latents, beside.astype(latents.dtype)], -1)
        return self.transformer(inputs, times, prompt, memory)
