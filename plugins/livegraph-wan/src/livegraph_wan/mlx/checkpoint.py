"""Checkpoint files into MLX models: every kind that `livegraph_wan.checkpoint` reads."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import mlx.core as mx
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint import Lora, Tensors, open_tensors, open_transformer, open_vae
from livegraph_wan.mlx.convert import converted, load
from livegraph_wan.mlx.layers import Module
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.quantise import Bits, packed
from livegraph_wan.mlx.taehv import TAEHV
from livegraph_wan.mlx.wan_vae import WanVAE
from livegraph_wan.profile import Architecture
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.scale import SourceScale


def load_transformer(
    path: Path,
    config: Architecture,
    *,
    part: str | None = None,
    loras: Sequence[tuple[Lora, float]] = (),
    dtype: mx.Dtype | None = None,
    bits: Bits | None = None,
) -> WanTransformer:
    """A transformer, whatever layout its file is in, with `loras` merged, each with its strength.

    `part`: see `open_transformer`; `dtype`: the file's own unless given. The file is mapped, and read, converted and
    packed to `bits` weight by weight. Raises `ModelError` for what does not fit, by name.
    """
    tensors = open_transformer(path, part)
    shapes = {name: tensors.shape(name) for name in tensors}
    for lora, _ in loras:
        lora.check(shapes)
    model = WanTransformer(config)
    weights = converted(_merged(tensors, loras), dtype)
    _fill(model, path, weights if bits is None else packed(model, weights, bits))
    return model


def _merged(tensors: Tensors, loras: Sequence[tuple[Lora, float]]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        changed = tensor
        for lora, strength in loras:
            changed = lora.merged(name, changed, strength)
        yield name, changed.to(tensor.dtype)


def load_wan_vae(path: Path, *, source: SourceScale = "normalised", config: VAEArchitecture | None = None) -> WanVAE:
    """Wan's own VAE, in either naming. Raises `ModelError` for what does not fit, by name."""
    vae = WanVAE(config, source=source)
    _fill(vae, path, converted(open_vae(path).items()))
    return vae


def load_taehv(path: Path, *, source: SourceScale = "normalised") -> TAEHV:
    """TAEHV from its `taew2_1`, a file or the one in a folder. Raises `ModelError` for what does not fit, by name."""
    vae = TAEHV(source=source)
    _fill(vae, path, converted(open_tensors(path).items()))
    return vae


def _fill(module: Module, path: Path, weights: Iterable[tuple[str, mx.array]]) -> None:
    try:
        load(module, dict(weights))
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None
