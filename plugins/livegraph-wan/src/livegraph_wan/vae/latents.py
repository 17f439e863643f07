"""The scale of Wan's latents, and which scale a checkpoint was trained on.

Mean and standard deviation of each channel are those that Wan 2.1 publishes (`wan/modules/vae.py`;
`latents_mean` and `latents_std` in diffusers). Transformers are trained on normalised latents, with
one exception: StreamDiffusionV2's 1.3B is given its source as the encoder makes it, and what it
makes is denormalised all the same (its `stream_encode(..., is_scale=False)`).
"""

from typing import Literal

import torch
from torch import Tensor, nn

from livegraph_wan.grid import CHANNELS

MEAN = (
    *(-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508),
    *(0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921),
)
STD = (
    *(2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743),
    *(3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160),
)

SourceScale = Literal["normalised", "raw"]
"""How a checkpoint wants the source's latents: of unit variance, or as Wan's encoder makes them."""


class LatentScale(nn.Module):
    """Wan's latents `[B, 16, t, h, w]` between raw and normalised. No part of a checkpoint."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # On the CPU even where a model is built on the meta device: no checkpoint would fill them.
        for name, values in (("mean", MEAN), ("std", STD)):
            tensor = torch.tensor(values, device="cpu").view(1, CHANNELS, 1, 1, 1)
            self.register_buffer(name, tensor, persistent=False)

    def normalise(self, raw: Tensor) -> Tensor:
        return (raw - self.mean) / self.std

    def denormalise(self, normalised: Tensor) -> Tensor:
        return torch.addcmul(self.mean, normalised, self.std)
