"""What a transformer is, from the shapes of its weights: checkpoints seldom say."""

import re

from livegraph import ModelError
from livegraph_wan.checkpoint.read import Tensors
from livegraph_wan.grid import PATCH
from livegraph_wan.profile import Architecture

HEAD_DIM = 128
"""Of every published Wan."""
TEXT_LEN = 512
"""Tokens of a prompt, padded, in every published Wan."""

_IMAGE = "img_emb.proj.0.weight"
_BLOCK = re.compile(r"blocks\.(\d+)\.")


def architecture(tensors: Tensors, *, num_heads: int | None = None, text_len: int = TEXT_LEN) -> Architecture:
    """The sizes of the transformer whose weights these are, by their original names.

    The number of heads has left no trace in the shapes: it is `dim / 128` unless given. Raises `ModelError` for what is
    no Wan transformer.
    """
    dim, in_dim = _shape(tensors, "patch_embedding.weight")[:2]
    if num_heads is None and dim % HEAD_DIM:
        raise ModelError(f"{tensors.path}: {dim} channels are no whole number of heads of {HEAD_DIM}: say how many")
    return Architecture(
        dim=dim,
        ffn_dim=_shape(tensors, "blocks.0.ffn.0.weight")[0],
        num_layers=_layers(tensors),
        num_heads=num_heads or dim // HEAD_DIM,
        text_dim=_shape(tensors, "text_embedding.0.weight")[1],
        text_len=text_len,
        in_dim=in_dim,
        out_dim=_shape(tensors, "head.head.weight")[0] // PATCH**2,
        freq_dim=_shape(tensors, "time_embedding.0.weight")[1],
        image_dim=_shape(tensors, _IMAGE)[0] if _IMAGE in tensors else 0,
    )


def _shape(tensors: Tensors, name: str) -> tuple[int, ...]:
    if name not in tensors:
        raise ModelError(f"{tensors.path} is no Wan transformer: it has no {name}")
    return tuple(tensors.shape(name))


def _layers(tensors: Tensors) -> int:
    return 1 + max(int(match[1]) for name in tensors if (match := _BLOCK.match(name)))
