"""What the recordings of a stream's passes keep beside what the stream holds anyway, by formula (see `capture`).

What a VAE remembers lies in its recording's slots and nowhere else, and what a recorded pass works with counts as work.
But a prompt is held twice, as the engine has it and in the transformer's slots; and every form of a pass keeps what it
reads and what it makes for as long as it may be run again.
"""

from livegraph_wan.cost import IMAGE_TOKENS, tokens
from livegraph_wan.grid import CHANNELS, FRAMES, PATCH, RGB
from livegraph_wan.profile import Architecture, Profile

FP32 = 4


def kept_by_recordings(profile: Profile, size: tuple[int, int], itemsize: int, rows: int, portion: int) -> int:
    """Bytes at `size` (width, height), multiples of 16, in numbers of `itemsize` bytes, for `rows` of a stream batch
    and a VAE that handles `portion` latent frames at once; while a stream runs under one prompt.
    """
    cells = tokens(size) * PATCH**2
    both_ways = 2 * portion * (size[0] * size[1] * RGB * FRAMES + cells * CHANNELS * FP32)
    return _prompt(profile.architecture, itemsize) + _passes(profile, cells, rows) + both_ways


def _prompt(config: Architecture, itemsize: int) -> int:
    """Keys and values of every layer, and the embeddings that they were read from."""
    image = IMAGE_TOKENS if config.image_dim else 0
    read = config.num_layers * 2 * (config.text_len + image) * config.dim * itemsize
    return read + (config.text_len * config.text_dim + image * config.image_dim) * FP32


def _passes(profile: Profile, cells: int, rows: int) -> int:
    """One with the window full; before that, with a mask, one for each number of rows that are on their way. Each
    reads noisy latents, what is seen beside them, and a time per frame, and makes a velocity.
    """
    config, block = profile.architecture, profile.frames_per_block
    masked = rows * (rows + 1) // 2 if profile.window > block else 0
    return (masked + rows) * block * (cells * (config.in_dim + config.out_dim) + 1) * FP32
