"""What a streaming engine asks of a VAE, so that it can drive any of them without knowing which.

What must be remembered between calls is a tuple of tensors that the caller holds; how a stream
begins is a `Rhythm`.
"""

from typing import ClassVar, Protocol, TypeVar

import torch
from torch import Tensor, nn

from livegraph_wan.rhythm import Rhythm
from livegraph_wan.vae.cost import Flops

State = tuple[Tensor, ...]
"""What one call leaves to the next, for one stream at one picture size. Tensors are never written to."""


class StreamingVAE(Protocol):
    """Pixels to latents and back, some latent frames at a time.

    None as the state begins a stream: at the start, at a cut, after a change of size. Encoder and
    decoder need not be of one VAE: each half has its state.
    """

    rhythm: ClassVar[Rhythm]

    def encode(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """`[B, T, 3, H, W]` in -1..1, H and W multiples of `STRIDE`, to `[B, 16, t, H/8, W/8]`.

        T is as `Rhythm.latents` asks; ValueError otherwise.
        """

    def decode(self, latents: Tensor, state: State | None) -> tuple[Tensor, State]:
        """`[B, 16, t, h, w]` to `[B, T, 3, 8h, 8w]`, about -1..1: overshoot is not cut off."""

    def flops(self, height: int, width: int) -> Flops:
        """What pictures of that size cost."""


Module = TypeVar("Module", bound=nn.Module)


def channels_last(module: Module) -> Module:
    """Put convolution weights into the order that is fastest on CPUs with AVX-512 and tensor cores alike.

    `nn.Module.to(memory_format=...)` cannot do it where a module has both kinds.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv3d):
            layer.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        elif isinstance(layer, nn.Conv2d):
            layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module
