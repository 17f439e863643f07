"""What a model costs at a picture size: weights, caches and working memory in bytes, work in floating-point operations.

Formulas, so that a graph can be checked before anything is loaded. A multiplication with an addition counts as two
operations.
"""

from typing import NamedTuple

from livegraph_wan.grid import CHANNELS, PATCH, STRIDE
from livegraph_wan.profile import Architecture, Profile

IMAGE_TOKENS = 257


class Memory(NamedTuple):
    """Bytes of a transformer on its way."""

    weights: int
    cache: int
    """Self-attention keys and values of the window, and those of the prompt; of one layer where a block sees nothing
    but itself.
    """
    stream: int
    """Latents of the window, noise of every step, angles of every position, the prompt's embedding."""
    work: int
    """The most that one pass holds beside them."""

    @property
    def total(self) -> int:
        return sum(self)


def parameters(config: Architecture) -> int:
    """Number of weights of a transformer."""
    dim, ffn = config.dim, config.ffn_dim
    attention = 4 * (dim * dim + dim) + 2 * dim
    image = 2 * (dim * dim + dim) + dim if config.image_dim else 0
    block = 2 * attention + image + (dim * ffn + ffn) + (ffn * dim + dim) + 2 * dim + 6 * dim
    patch = config.in_dim * PATCH**2 * dim + dim
    text = config.text_dim * dim + dim + dim * dim + dim
    time = config.freq_dim * dim + dim + dim * dim + dim + dim * 6 * dim + 6 * dim
    head = dim * config.out_dim * PATCH**2 + config.out_dim * PATCH**2 + 2 * dim
    return config.num_layers * block + patch + text + time + head + _image_parameters(config)


def linear_parameters(config: Architecture) -> int:
    """Number of weights in matrices of the blocks: what may be packed."""
    image = 2 * config.dim**2 if config.image_dim else 0
    return config.num_layers * (8 * config.dim**2 + 2 * config.dim * config.ffn_dim + image)


def text_encoder_parameters(
    vocabulary: int = 256384, dim: int = 4096, ffn: int = 10240, layers: int = 24, heads: int = 64, head_dim: int = 64
) -> int:
    """Number of weights of a UMT5 encoder; of UMT5-XXL unless said otherwise."""
    inner, buckets = heads * head_dim, 32
    layer = 4 * dim * inner + buckets * heads + 3 * dim * ffn + 2 * dim
    return vocabulary * dim + layers * layer + dim


def lora_parameters(config: Architecture, rank: int) -> int:
    """Number of weights of a LoRA of this rank for every linear layer of the blocks, kept beside the model."""
    dim, ffn = config.dim, config.ffn_dim
    return config.num_layers * rank * (8 * 2 * dim + 2 * (dim + ffn))


def _image_parameters(config: Architecture) -> int:
    width, dim = config.image_dim, config.dim
    return (2 * width + width * width + width + width * dim + dim + 2 * dim) if width else 0


def tokens(size: tuple[int, int]) -> int:
    """Tokens of a latent frame of pictures of this width and height, filled up to whole tokens."""
    width, height = size
    return -(-width // (STRIDE * PATCH)) * -(-height // (STRIDE * PATCH))


def memory(profile: Profile, size: tuple[int, int], itemsize: int, rows: int = 1) -> Memory:
    """What `profile` takes at `size` (width, height) in numbers of `itemsize` bytes; `rows` of a stream batch."""
    config, per_frame = profile.architecture, tokens(size)
    image = IMAGE_TOKENS if config.image_dim else 0
    layers = 1 if profile.window == profile.frames_per_block else config.num_layers
    pasts = max(rows, len(profile.timesteps)) if profile.steps_apart else rows
    kept = layers * pasts * profile.window * per_frame + config.num_layers * (config.text_len + image)
    cache = 2 * kept * config.dim * itemsize
    stream = _stream(profile, per_frame, pasts)
    return Memory(parameters(config) * itemsize, cache, stream, _work(profile, per_frame, itemsize, rows))


def _stream(profile: Profile, per_frame: int, rows: int) -> int:
    """All of it fp32. What a model sees beside a frame's latents is kept with them."""
    config = profile.architecture
    latent = per_frame * PATCH**2
    frames = rows * profile.window * config.in_dim + (len(profile.timesteps) + 1) * profile.frames_per_block * CHANNELS
    angles = rows * (profile.window + profile.frames_per_block) * per_frame * config.head_dim
    return 4 * (latent * frames + angles + config.text_len * config.text_dim)


def _work(profile: Profile, per_frame: int, itemsize: int, rows: int) -> int:
    """The larger of what attention and the feed-forward layer hold at once.

    Attention, while the window's keys are turned, in fp32: the products of their two halves and both together, beside
    a copy where they are stored in less; of the block's own tokens the stream, normalised, q, k and v. Feed-forward:
    the stream before and after attention, normalised, and the wide layer before and after its activation.
    """
    config = profile.architecture
    own = rows * profile.frames_per_block * per_frame
    window = rows * profile.window * per_frame
    turning = 2 * 4 + (4 if itemsize < 4 else 0)
    attention = own * config.dim * 5 * itemsize + window * config.dim * turning
    wide = own * (3 * config.dim + 2 * config.ffn_dim) * itemsize
    return max(attention, wide)


def flops(profile: Profile, size: tuple[int, int]) -> int:
    """Operations of one pass over one block with a full window."""
    config, per_frame = profile.architecture, tokens(size)
    own, window = profile.frames_per_block * per_frame, profile.window * per_frame
    dim = config.dim
    image = IMAGE_TOKENS if config.image_dim else 0
    linear = 2 * own * (6 * dim * dim + 2 * dim * config.ffn_dim)
    attention = 4 * own * (window + config.text_len + image) * dim
    ends = 2 * own * PATCH**2 * dim * (config.in_dim + config.out_dim)
    time = 2 * profile.frames_per_block * (config.freq_dim * dim + 7 * dim * dim)
    return config.num_layers * (linear + attention) + ends + time
