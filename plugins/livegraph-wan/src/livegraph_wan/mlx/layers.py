"""What the models here are built of: modules with the names of torch's weights, and pixels folded into channels."""

from collections.abc import Callable, Sequence

import mlx.core as mx
import mlx.nn as nn

Layer = Callable[[mx.array], mx.array]


class Module(nn.Module):
    """MLX's module, typed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def compute_weights(self) -> None:
        """Here and now: MLX is lazy, and what is left to be computed only this thread could compute."""
        mx.eval(nn.Module.parameters(self))


def run(layers: Sequence[Layer], x: mx.array) -> mx.array:
    """One layer after the other. Lists of layers have the names of torch's Sequential; MLX's own adds a `layers`."""
    for layer in layers:
        x = layer(x)
    return x


def conv(inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A convolution that keeps height and width, or divides them by `stride`."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)


def enlarge(x: mx.array) -> mx.array:
    """Pictures `[N, H, W, C]` at twice the height and width, by repeating pixels."""
    return mx.repeat(mx.repeat(x, 2, 1), 2, 2)


def newest(x: mx.array, count: int) -> mx.array:
    """The last `count` frames of `[B, T, h, w, C]`, for a state: a part of an array holds the memory of the whole, and
    `mx.contiguous` copies it where the whole is larger.
    """
    return mx.contiguous(x[:, -count:])


def fold_pixels(x: mx.array, by: int) -> mx.array:
    """`[..., H, W, C]` to `[..., H/by, W/by, C*by*by]`; channels in the order of torch's pixel_unshuffle."""
    height, width = x.shape[-3] // by, x.shape[-2] // by
    cells = mx.unflatten(mx.unflatten(x, -2, (width, by)), -4, (height, by))
    *lead, h, i, w, j, c = range(cells.ndim)
    return cells.transpose(*lead, h, w, c, i, j).flatten(-3)


def unfold_pixels(x: mx.array, by: int) -> mx.array:
    """The inverse of `fold_pixels`: torch's pixel_shuffle."""
    cells = mx.unflatten(x, -1, (-1, by, by))
    *lead, h, w, c, i, j = range(cells.ndim)
    return cells.transpose(*lead, h, i, w, j, c).flatten(-3, -2).flatten(-4, -3)
