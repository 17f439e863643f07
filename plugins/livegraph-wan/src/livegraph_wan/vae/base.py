"""What a streaming engine asks of a VAE, so that it can drive any of them without knowing which.

The Wan family compresses 4x in time and 8x8 in space, 16 channels. Two things differ: how many
pixel frames the first latent of a stream stands for, and what must be remembered between calls.
`Rhythm` states the first; the second is a tuple of tensors that the caller holds.

| | first latent takes | first latent gives | pictures come back |
|---|---|---|---|
| wan-nano | 4 | 4 | with their chunk |
| Wan 2.1 | 1 | 1 | with their chunk |
| TAEHV | 4 | 1 | three frames later |
"""

from typing import ClassVar, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor, nn

from livegraph_wan.vae.cost import Flops

CHANNELS = 16
"""Latent channels."""
FRAMES = 4
"""Pixel frames in a latent frame, the first of a stream apart."""
STRIDE = 8
"""Pixels along a side of a latent cell."""

State = tuple[Tensor, ...]
"""What one call leaves to the next, for one stream at one picture size. Tensors are never written to."""


class Rhythm(NamedTuple):
    """How a stream begins. After its first latent, every latent takes and gives `FRAMES` frames."""

    first_taken: int
    """Pixel frames that the first latent is made of."""
    first_given: int
    """Pixel frames that the first latent becomes."""

    @property
    def delay(self) -> int:
        """How many frames later a picture comes back than it went in."""
        return self.first_taken - self.first_given

    @property
    def lead_in(self) -> int:
        """How often to put a stream's first frame before it, so that chunks of `FRAMES` come back whole.

        That makes one latent more, whose `first_given` pictures are to be dropped.
        """
        return 0 if self.first_given == FRAMES else self.first_taken

    def latents(self, frames: int, *, first: bool) -> int:
        """How many latents `frames` make, at the `first` call of a stream or a later one.

        ValueError where they do not make whole ones.
        """
        taken = self.first_taken if first else FRAMES
        if frames < taken or (frames - taken) % FRAMES:
            raise ValueError(f"{frames} frames: {'a stream begins with' if first else 'expected'} {taken} + {FRAMES}n")
        return 1 + (frames - taken) // FRAMES


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
