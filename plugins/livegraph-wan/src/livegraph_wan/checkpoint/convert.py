"""`livegraph models convert`: a Wan transformer in another layout or number type, without holding it twice."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

import torch
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint.names import LAYOUTS, Layout, to_diffusers, to_layout
from livegraph_wan.checkpoint.read import Tensors
from livegraph_wan.checkpoint.transformer import open_transformer

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.int64: "I64",
    torch.int32: "I32",
}
"""As safetensors calls them."""


class _Planned(NamedTuple):
    name: str
    source: str
    dtype: torch.dtype
    shape: torch.Size

    @property
    def size(self) -> int:
        return self.shape.numel() * self.dtype.itemsize


def convert(source: Path, target: Path, layout: str, dtype: str | None) -> str:
    """Write the transformer at `source` as a safetensors file, tensor by tensor; returns a line about it.

    Raises `ModelError` where `source` is no Wan transformer, or `target` exists.
    """
    chosen: Layout = next(known for known in LAYOUTS if known == layout)
    if target.exists():
        raise ModelError(f"{target} exists, and is not overwritten")
    tensors = open_transformer(source)
    plan = _plan(tensors, chosen, DTYPES[dtype] if dtype else None)
    draft = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("wb") as file:
            _write(file, plan, tensors)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    types = "/".join(sorted({_NAMES[item.dtype] for item in plan}))
    size = sum(item.size for item in plan) / 1e9
    return f"{target}: {len(plan)} tensors, {size:.2f} GB, {types}, {layout} names"


def _plan(tensors: Tensors, layout: Layout, dtype: torch.dtype | None) -> list[_Planned]:
    """Every tensor as it will be; a name that neither layout knows is refused."""
    return [_planned(tensors, name, layout, dtype) for name in tensors]


def _planned(tensors: Tensors, name: str, layout: Layout, dtype: torch.dtype | None) -> _Planned:
    try:
        to_diffusers(name)
    except KeyError:
        raise ModelError(f"{tensors.path}: {name} is no weight of a Wan transformer") from None
    tensor = tensors[name]
    target = dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype
    if target not in _NAMES:
        raise ModelError(f"{tensors.path}: {name} is {target}, which is not written")
    return _Planned(to_layout(name, layout), name, target, tensor.shape)


def _write(file: IO[bytes], plan: Iterable[_Planned], tensors: Tensors) -> None:
    """A safetensors file: the header's length, the header, then the bytes of each tensor in turn."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end, ordered = 0, sorted(plan, key=lambda item: (-item.dtype.itemsize, item.name))  # wide first keeps them aligned
    for item in ordered:
        header[item.name] = {
            "dtype": _NAMES[item.dtype],
            "shape": list(item.shape),
            "data_offsets": [end, end + item.size],
        }
        end += item.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for item in ordered:
        file.write(_bytes(tensors[item.source].to(item.dtype)))


def _bytes(tensor: Tensor) -> memoryview:
    """The tensor's memory, not a copy of it."""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
