"""The Wan VAE's weights by the names of Wan's own release, which are ours, and by those of diffusers.

A name is translated piece by piece. One that is in neither layout comes through as it is, so that
loading it strictly names it.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")

# A decoder level is a row of layers: three residual blocks and an upsampling.
_ROW = 4
_LEVELS = 4


def _upsamples() -> Iterable[tuple[str, str]]:
    for number in range(_LEVELS * _ROW - 1):
        level, place = divmod(number, _ROW)
        theirs = "upsamplers.0" if place == _ROW - 1 else f"resnets.{place}"
        yield f"decoder.upsamples.{number}.", f"decoder.up_blocks.{level}.{theirs}."


# Ours and theirs, in the order in which ours are replaced; theirs are in the reverse order, so that
# diffusers' `conv1` of a block is never taken for a coder's. "^" stands for the start of a name.
_PIECES = (
    ("^conv1.", "^quant_conv."),
    ("^conv2.", "^post_quant_conv."),
    ("coder.conv1.", "coder.conv_in."),
    ("coder.head.0.", "coder.norm_out."),
    ("coder.head.2.", "coder.conv_out."),
    ("coder.middle.0.", "coder.mid_block.resnets.0."),
    ("coder.middle.1.", "coder.mid_block.attentions.0."),
    ("coder.middle.2.", "coder.mid_block.resnets.1."),
    ("encoder.downsamples.", "encoder.down_blocks."),
    *_upsamples(),
    (".residual.0.", ".norm1."),
    (".residual.2.", ".conv1."),
    (".residual.3.", ".norm2."),
    (".residual.6.", ".conv2."),
    (".shortcut.", ".conv_shortcut."),
)


def to_diffusers(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Weights of a `WanVAE` by the names of diffusers' AutoencoderKLWan."""
    return {_replace(name, _PIECES): value for name, value in weights.items()}


def from_diffusers(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Weights of diffusers' AutoencoderKLWan by the names of a `WanVAE`."""
    return {to_original(name): value for name, value in weights.items()}


def to_original(name: str) -> str:
    """A weight's name in diffusers' AutoencoderKLWan as it is in a `WanVAE`."""
    return _replace(name, [(theirs, ours) for ours, theirs in reversed(_PIECES)])


def is_diffusers(names: Iterable[str]) -> bool:
    """Whether weights have diffusers' names."""
    return any(".conv_in." in name for name in names)


def _replace(name: str, pieces: Iterable[tuple[str, str]]) -> str:
    name = f"^{name}"
    for old, new in pieces:
        name = name.replace(old, new)
    return name.removeprefix("^")
