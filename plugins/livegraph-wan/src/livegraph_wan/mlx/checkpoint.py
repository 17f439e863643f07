"""Checkpoint files into MLX models: every kind that `livegraph_wan.checkpoint` reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint import Lora, Tensors, architecture, open_transformer
from livegraph_wan.mlx.convert import from_file, from_torch, load
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.taehv import TAEHV
from livegraph_wan.vae.scale import SourceScale


def load_transformer(
    path: Path,
    *,
    part: str | None = None,
    num_heads: int | None = None,
    text_len: int = 512,
    loras: Sequence[tuple[Lora, float]] = (),
) -> WanTransformer:
    """A transformer in its file's dtype, whatever layout that is in, with `loras` merged, each with its strength.

    `part`, `num_heads`, `text_len`: see `open_transformer` and `architecture`. The file is mapped, and read weight by
    weight. Raises `ModelError` for what does not fit, by name.
    """
    tensors = open_transformer(path, part)
    model = WanTransformer(architecture(tensors, num_heads=num_heads, text_len=text_len))
    shapes = {name: tensors.shape(name) for name in tensors}
    for lora, _ in loras:
        lora.check(shapes)
    try:
        load(model, from_torch(_merged(tensors, loras)))
    except ValueError as error:
        raise ModelError(f"{tensors.path}: {error}") from None
    return model


def _merged(tensors: Tensors, loras: Sequence[tuple[Lora, float]]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        changed = tensor
        for lora, strength in loras:
            changed = lora.merged(name, changed, strength)
        yield name, changed.to(tensor.dtype)


def load_taehv(path: Path, *, source: SourceScale = "normalised") -> TAEHV:
    """TAEHV from `taew2_1` as safetensors. Raises `ModelError` for what does not fit, by name."""
    vae = TAEHV(source=source)
    try:
        load(vae, from_file(path))
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None
    return vae
