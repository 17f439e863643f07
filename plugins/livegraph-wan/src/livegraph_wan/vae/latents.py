"""Wan's latents between raw and normalised; see `scale`."""

import torch
from torch import Tensor, nn

from livegraph_wan.grid import CHANNELS
from livegraph_wan.vae.scale import MEAN, STD


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
