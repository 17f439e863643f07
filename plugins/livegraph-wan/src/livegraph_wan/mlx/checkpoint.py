"""Checkpoint files into MLX models: every kind that `livegraph_wan.checkpoint` reads."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint import Lora, Tensors, open_tensors, open_transformer, open_vae
from livegraph_wan.mlx.convert import from_torch, load
from livegraph_wan.mlx.layers import Module
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.taehv import TAEHV
from livegraph_wan.mlx.wan_vae import WanVAE
from livegraph_wan.profile import Architecture
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.scale import SourceScale


def load_transformer(
    path: Path, config: Architecture, *, part: str | None = None, loras: Sequence[tuple[Lora, float]] = ()
) -> WanTransformer:
    """A transformer in its file's dtype, whatever layout that is in, with `loras` merged, each with its strength.

    `part`: see `open_transformer`. The file is mapped, and read weight by weight. Raises `ModelError` for what does not
    fit, by name.
    """
    tensors = open_transformer(path, part)
    shapes = {name: tensors.shape(name) for name in tensors}
    for lora, _ in loras:
        lora.check(shapes)
    model = WanTransformer(config)
    _fill(model, path, _merged(tensors, loras))
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
    _fill(vae, path, open_vae(path).items())
    return vae


def load_taehv(path: Path, *, source: SourceScale = "normalised") -> TAEHV:
    """TAEHV from its `taew2_1`, a file or the one in a folder. Raises `ModelError` for what does not fit, by name."""
    vae = TAEHV(source=source)
    _fill(vae, path, open_tensors(path).items())
    return vae


def _fill(module: Module, path: Path, weights: Iterable[tuple[str, Tensor]]) -> None:
    try:
        load(module, from_torch(weights))
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None
