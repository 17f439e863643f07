"""What a wan node will hold in memory, before anything is loaded. Imports nothing heavy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, Literal

from livegraph import MemoryNeed, MemoryPlace, Saving, Size
from livegraph_wan import cost
from livegraph_wan.choice import likely_backend, overlaps, taehv_is_here, vae_of
from livegraph_wan.known import is_known
from livegraph_wan.machine import multiplies_bf16
from livegraph_wan.memory import ITEMSIZES, Setting
from livegraph_wan.profile import Profile
from livegraph_wan.thrift import Way, saves, with_size, with_taehv, with_window

PACKED_BITS = {"none": 0, "int8": 8, "fp8": 8, "int4": 4}
IMAGE_ENCODER = 632_076_800
"""Weights of CLIP ViT-H's picture half, which I2V models read their still with."""


def needs(look: Any, profile: Profile, size: Size) -> Sequence[MemoryNeed]:
    """Of a node with these parameters, for pictures of this size."""
    backend = likely_backend(look.backend)
    setting = setting_for(look, profile, backend, size)
    stream = MemoryNeed(place_of(backend), setting.parts, "at {}x{}".format(*setting.painted), tuple(_savings(setting)))
    if profile.vae == "nano" or is_known(look.prompt):
        return (stream,)
    encoder = {"text encoder": cost.text_encoder_parameters() * ITEMSIZES["bf16"]}
    return stream, MemoryNeed("ram", encoder, "while this prompt is read, and others that are new")


def setting_for(look: Any, profile: Profile, backend: str, size: Size) -> Setting:
    """What decides how much a stream of this node holds."""
    itemsize = itemsize_of(look.dtype, backend)
    return Setting(
        profile,
        vae_of(profile, look.vae),
        size,
        itemsize,
        rows=(look.steps or profile.steps) if look.stream_batch else 1,
        loras=sum(numbers_in(Path(path).expanduser()) for path in look.loras) * itemsize,
        image_encoder=_image_encoder(profile, backend),
        packed=PACKED_BITS[look.quantise],
        apart=overlaps(look.overlap, profile, look.topology),
        recorded=backend == "torch-cuda" and look.compile is not False and look.topology == "single",
    )


def place_of(backend: str) -> MemoryPlace:
    """Where a backend holds what it computes with; Apple's GPUs share the machine's memory."""
    return "gpu" if backend == "torch-cuda" else "ram"


def itemsize_of(dtype: Literal["auto", "fp32", "bf16", "fp16"], backend: str) -> int:
    """Bytes of a number in the dtype that is asked for, or that is fast there."""
    if dtype != "auto":
        return ITEMSIZES[dtype]
    if backend == "torch-cpu":
        return 2 if multiplies_bf16() else 4
    return 4 if backend == "torch-mps" else 2


def numbers_in(path: Path) -> int:
    """How many numbers a checkpoint holds; of a torch file, whose table is a pickle, by its size, as 16 bits each."""
    try:
        if path.suffix != ".safetensors":
            return path.stat().st_size // 2
        with path.open("rb") as file:
            table = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return sum(prod(entry["shape"]) for name, entry in table.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError):  # `setup` says what is wrong with the file
        return 0


def _image_encoder(profile: Profile, backend: str) -> int:
    if not profile.architecture.image_dim:
        return 0
    return IMAGE_ENCODER * (2 if place_of(backend) == "gpu" else 4)


def _savings(setting: Setting) -> Iterator[Saving]:
    ways: list[tuple[Way | None, str]] = [
        (with_taehv(setting), "" if taehv_is_here() else " (livegraph models pull taew2_1)"),
        (with_window(setting), ""),
    ]
    for way, hint in ways:
        if way is not None:
            yield Saving(way.typed + hint, saves(setting, way))
    if setting.itemsize > 2:
        half = replace(setting, itemsize=2, loras=setting.loras // 2)
        yield Saving("dtype: bf16", setting.total - half.total)
    if setting.rows > 1:
        single = replace(setting, rows=1)
        yield Saving("stream_batch: false", setting.total - single.total)
    smaller = with_size(setting)
    if smaller is not None:
        yield Saving("pictures of {}x{}".format(*smaller.setting.painted), saves(setting, smaller))
