"""From a checkpoint into a transformer: names, shapes, number type, and LoRAs on the way."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from livegraph import ModelError
from livegraph_wan.checkpoint.names import layout_of, to_original
from livegraph_wan.checkpoint.read import Tensors, open_tensors

if TYPE_CHECKING:
    from livegraph_wan.checkpoint.lora import Lora

SHOWN = 3
"""Names of a kind in one message."""


def open_transformer(path: Path, part: str | None = None) -> Tensors:
    """A transformer's tensors by their original names, whichever layout they were saved in. Raises `ModelError`."""
    tensors = open_tensors(path, part)
    if layout_of(tensors) == "original":
        return tensors

    def rename(name: str) -> str:
        try:
            return to_original(name)
        except KeyError:
            raise ModelError(f"{tensors.path}: {name} is no weight of a Wan transformer in diffusers' names") from None

    return tensors.renamed(rename)


def fill(
    model: nn.Module,
    tensors: Tensors,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    loras: Sequence[tuple["Lora", float]] = (),
) -> None:
    """Put every tensor into its place in `model`, which may lie on the meta device, so that nothing is held twice.

    `dtype` is each tensor's own unless given; floating-point tensors alone are converted. `loras` are merged, each with
    its strength. A missing or surplus name, a wrong shape, and a LoRA for what the model has not raise `ModelError`,
    before anything is changed.
    """
    wanted = {name: value.shape for name, value in model.state_dict().items()}
    _compare(wanted, tensors)
    for lora, _ in loras:
        lora.check(wanted)
    for name in wanted:
        tensor = tensors[name].to(device)
        target = dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype
        for lora, strength in loras:
            tensor = lora.merged(name, tensor, strength)
        _put(model, name, tensor.to(target))


def _put(model: nn.Module, name: str, tensor: Tensor) -> None:
    path, _, leaf = name.rpartition(".")
    owner = model.get_submodule(path)
    setattr(owner, leaf, nn.Parameter(tensor, requires_grad=False) if leaf in owner._parameters else tensor)


def _compare(wanted: dict[str, torch.Size], tensors: Tensors) -> None:
    missing = [name for name in wanted if name not in tensors]
    surplus = [name for name in tensors if name not in wanted]
    if missing or surplus:
        raise ModelError(f"{tensors.path}: {'; '.join(filter(None, (_lacks(missing), _has(surplus, missing))))}")
    for name, shape in wanted.items():
        if tensors.shape(name) != shape:
            raise ModelError(f"{tensors.path}: {name} is {list(tensors.shape(name))}, not {list(shape)}")


def _lacks(names: Sequence[str]) -> str:
    return f"it lacks {_some(names)}" if names else ""


def _has(names: Sequence[str], missing: Sequence[str]) -> str:
    if not names:
        return ""
    near = nearest(names[0], missing)
    return f"it has {_some(names)}, which the model has not" + (f" (nearest: {near})" if near else "")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that is most like `name`."""
    found = difflib.get_close_matches(name, list(names), 1, 0.6)
    return found[0] if found else None
