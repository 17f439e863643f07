"""What a VAE holds, by formula: weights, what it keeps between two calls, and the most that a call holds beside them.

Every layer of the three VAEs works at a fixed fraction of the picture's resolution, so but for the weights all of it is
proportional to the picture's pixels, and counted in numbers per pixel. The most is held at full resolution: by the
encoder at its beginning, by the decoder at its end, when it has gathered nearly all that it keeps for the next call
beside what it still has from the last. Counted as torch runs it, one latent at a time, in the middle of a stream.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from livegraph_wan.grid import CHANNELS, FRAMES, RGB, STRIDE
from livegraph_wan.profile import VaeName
from livegraph_wan.vae.architecture import VAEArchitecture

QUARTER = Fraction(1, 4)
LATENT = Fraction(1, STRIDE * STRIDE)
"""Cells per pixel."""


class VaeMemory(NamedTuple):
    """In bytes."""

    weights: int
    state: int
    """What both ways keep from call to call."""
    encode: int
    """The most that a call holds beside it."""
    decode: int


class Layer(NamedTuple):
    """A layer of either way: its weights, and the numbers per pixel that it keeps for the next call."""

    weights: int
    kept: Fraction = Fraction(0)


def vae_memory(name: VaeName, size: tuple[int, int], itemsize: int, latents: int = 1) -> VaeMemory:
    """Bytes at `size` (width, height) in numbers of `itemsize` bytes, for calls of as many latents."""
    weights, *per_pixel = NUMBERS[name](latents)
    state, encode, decode = (round(numbers * size[0] * size[1] * itemsize) for numbers in per_pixel)
    return VaeMemory(weights * itemsize, state, encode, decode)


class Numbers(NamedTuple):
    """Weights; and per pixel what is kept, and what a call holds beside it."""

    weights: int
    state: Fraction
    encode: Fraction
    decode: Fraction


def of_wan(latents: int = 1, config: VAEArchitecture | None = None) -> Numbers:
    """Wan's own VAE."""
    config = config or VAEArchitecture()
    encoder, decoder = list(_wan_encoder(config)), list(_wan_decoder(config))
    ends = (2 * CHANNELS) ** 2 + 2 * CHANNELS + CHANNELS**2 + CHANNELS
    state = _kept(encoder), _kept(decoder)
    base, frames = config.base_dim, FRAMES * latents
    # In the second convolution of a block: its input and what is added to it at the end, the first one's output, joined
    # with two frames of the past, and the result; beside four fresh pasts in the encoder, all but one in the decoder.
    block = 4 * frames * base + (frames + 2) * base
    encode = Fraction(block + 2 * RGB + 8 * base)
    decode = block + state[1] - 2 * base + latents * CHANNELS * LATENT
    return Numbers(_weights(encoder) + _weights(decoder) + ends, sum(state, Fraction(0)), encode, decode)


def _wan_encoder(config: VAEArchitecture) -> Iterator[Layer]:
    widths = config.widths
    before, area = widths[0], Fraction(1)
    yield _conv3(RGB, before, area)
    for level, width in enumerate(widths):
        for _ in range(config.num_res_blocks):
            yield from _residual(before, width, area)
            before = width
        if level < len(widths) - 1:
            area *= QUARTER
            yield _conv(width, width)
            if config.temporal_downsample[level]:
                yield Layer(3 * width * width + width, width * area)
    yield from _middle(before, area)
    yield from _head(before, 2 * CHANNELS, area)


def _wan_decoder(config: VAEArchitecture) -> Iterator[Layer]:
    widths = config.widths[::-1]
    before, area = widths[0], LATENT
    yield _conv3(CHANNELS, before, area)
    yield from _middle(before, area)
    for level, width in enumerate(widths):
        for _ in range(config.num_res_blocks + 1):
            yield from _residual(before, width, area)
            before = width
        if level < len(widths) - 1:
            if config.temporal_downsample[-1 - level]:
                yield Layer(3 * width * 2 * width + 2 * width, 2 * width * area)
            yield _conv(width, width // 2)
            before, area = width // 2, area / QUARTER
    yield from _head(before, RGB, area)


def _residual(inputs: int, outputs: int, area: Fraction) -> Iterator[Layer]:
    yield Layer(inputs + outputs)
    yield _conv3(inputs, outputs, area)
    yield _conv3(outputs, outputs, area)
    if inputs != outputs:
        yield _conv(inputs, outputs, 1)


def _middle(width: int, area: Fraction) -> Iterator[Layer]:
    yield from _residual(width, width, area)
    yield Layer(width)
    yield _conv(width, 3 * width, 1)
    yield _conv(width, width, 1)
    yield from _residual(width, width, area)


def _head(inputs: int, outputs: int, area: Fraction) -> Iterator[Layer]:
    yield Layer(inputs)
    yield _conv3(inputs, outputs, area)


def _conv3(inputs: int, outputs: int, area: Fraction) -> Layer:
    """A convolution over three frames, which keeps two."""
    return Layer(27 * inputs * outputs + outputs, 2 * inputs * area)


def _conv(inputs: int, outputs: int, taps: int = 9, *, bias: bool = True) -> Layer:
    """A convolution of single frames."""
    return Layer(taps * inputs * outputs + bias * outputs)


def of_taehv(latents: int = 1, first: int = 64, widths: tuple[int, ...] = (256, 128, 64, 64)) -> Numbers:
    """TAEHV, whose encoder has one width, its decoder four."""
    encoder, decoder = list(_taehv_encoder(first)), list(_taehv_decoder(widths))
    state = _kept(encoder), _kept(decoder)
    frames = FRAMES * latents
    # The encoder's first features, put in pairs, and what becomes of these; the decoder's last, before and after.
    encode = Fraction(2 * frames * first + frames // 2 * first)
    decode = state[1] + frames * (widths[-2] + widths[-1])
    return Numbers(_weights(encoder) + _weights(decoder), sum(state, Fraction(0)), encode, decode)


def _taehv_encoder(width: int) -> Iterator[Layer]:
    area = Fraction(1)
    yield _conv(RGB, width)
    for stride in (2, 2, 1):
        area *= QUARTER
        yield _conv(stride * width, width, 1, bias=False)
        yield _conv(width, width, bias=False)
        yield from _memory_blocks(width, area)
    yield _conv(width, CHANNELS)


def _taehv_decoder(widths: tuple[int, ...]) -> Iterator[Layer]:
    area = LATENT
    yield _conv(CHANNELS, widths[0])
    for width, narrower, stride in zip(widths[:-1], widths[1:], (1, 2, 2), strict=True):
        yield from _memory_blocks(width, area)
        yield _conv(width, stride * width, 1, bias=False)
        yield _conv(width, narrower, bias=False)
        area /= QUARTER
    yield _conv(widths[-1], RGB)


def _memory_blocks(width: int, area: Fraction) -> Iterator[Layer]:
    """Three, each of three convolutions, the first of which sees the frame before, which is kept."""
    for _ in range(3):
        yield from (_conv(2 * width, width), _conv(width, width), _conv(width, width), Layer(0, width * area))


def of_nano(latents: int = 1, width: int = 48, trunk: int = 192) -> Numbers:
    """wan-nano's, which works on cells of 4x4 pixels."""
    cells, frames = 4 * 4, FRAMES * latents
    deep = cells * RGB
    block = FRAMES * RGB * STRIDE * STRIDE
    layers = [
        *(_conv(block, CHANNELS, 1), _conv(2 * deep, width), _conv(4 * width, 64)),
        *(_conv(FRAMES * 64, 128), _conv(128, CHANNELS)),
        *(_conv(CHANNELS, block, 1), _conv(2 * CHANNELS, trunk), _conv(trunk, trunk), _conv(trunk, trunk)),
        *(_conv(trunk, FRAMES * 4 * width, 1), _conv(2 * width, width)),
        *(_conv(width, width), _conv(width, width), _conv(width, deep)),
    ]
    features, latent = Fraction(width, cells), CHANNELS * LATENT
    # The last frame seen; the last latent, and the last frame's features with those of its chunk.
    state = Fraction(RGB) + latents * latent + frames * features
    # The first convolution of either way: pictures or features, those of the frame before, both together, and what
    # becomes of them; beside them the linear half: latents, or the pictures drawn, with the trunk that it came from.
    encode = latents * latent + frames * (4 * RGB + features)
    decode = latents * (2 * latent + trunk * LATENT) + frames * (RGB + 5 * features)
    return Numbers(_weights(layers), state, encode, decode)


NUMBERS: Mapping[VaeName, Callable[[int], Numbers]] = {"wan": of_wan, "taehv": of_taehv, "nano": of_nano}


def _weights(layers: list[Layer]) -> int:
    return sum(layer.weights for layer in layers)


def _kept(layers: list[Layer]) -> Fraction:
    return sum((layer.kept for layer in layers), Fraction(0))
