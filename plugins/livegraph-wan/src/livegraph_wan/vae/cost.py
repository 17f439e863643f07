"""What convolutions cost, by formula: exact, and without running them."""

from typing import NamedTuple

from torch import nn


class Flops(NamedTuple):
    """Floating-point operations (a multiply-add is two) of one latent frame amid a stream, batch 1.

    Matrix products and convolutions only, as `torch.utils.flop_counter` counts them.
    """

    encode: int
    decode: int


class Grid(NamedTuple):
    """The size of a feature map."""

    frames: int
    height: int
    width: int

    @property
    def cells(self) -> int:
        return self.frames * self.height * self.width


def conv_flops(layer: nn.Module, cells: int) -> int:
    """Floating-point operations of all of a layer's convolutions, each giving `cells` outputs per channel."""
    convs = (m for m in layer.modules() if isinstance(m, nn.Conv2d | nn.Conv3d))
    return 2 * cells * sum(conv.weight.numel() for conv in convs)
