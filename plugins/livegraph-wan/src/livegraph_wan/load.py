"""A profile's model, put together from what lies on the disk, or from random numbers of its true size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from livegraph import InputError, ModelError, require_model
from livegraph_wan.checkpoint import LiveLoras, fill, open_tensors, open_transformer, read_lora
from livegraph_wan.choice import vae_of
from livegraph_wan.device import fast_dtype
from livegraph_wan.engine import Engine
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.wan import Wan

if TYPE_CHECKING:
    from livegraph_wan.vae.base import StreamingVAE
    from livegraph_wan.vae.scale import SourceScale

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
CHECKPOINT_SUFFIXES = (".safetensors", ".pt", ".pth", ".json")


@dataclass(frozen=True)
class Wanted:
    """What to load: `checkpoint` instead of what was pulled under the profile's name; LoRAs with their strengths."""

    profile: Profile
    checkpoint: Path | None = None
    vae: VaeName | Literal["auto"] = "auto"
    dtype: str | None = None
    loras: Mapping[Path, float] = field(default_factory=dict)
    batch: int = 0
    bits: Literal[4, 8] | None = None
    """How many a packed weight has; on MLX alone."""
    embeddings: Path | None = None
    """The folder that prompts' embeddings are kept in."""
    random: bool = False
    """Random numbers of the model's true size instead of weights: to measure, not to look at."""


class Loaded:
    """A stream, and what of it may change while it runs."""

    def __init__(self, stream: Engine[Any, Any], loras: LiveLoras | None = None) -> None:
        self.stream = stream
        self._loras = loras

    def set_loras(self, strengths: Mapping[Path, float]) -> None:
        """From the next chunk on."""
        if self._loras is not None:
            for path, strength in strengths.items():
                self._loras.set(str(path), strength)


def load(wanted: Wanted, backend: str) -> Loaded:
    """On one of `choice.BACKENDS`. Raises `ModelError` for what is missing or unfit."""
    if backend == "mlx":
        from livegraph_wan.mlx.load import load as load_on_mlx

        return Loaded(load_on_mlx(wanted))
    if wanted.bits is not None:
        raise InputError(f"{backend} has no packed weights: mlx has")
    from livegraph_wan.stream import Stream

    device = torch.device(backend.removeprefix("torch-"))
    dtype = DTYPES[wanted.dtype] if wanted.dtype else fast_dtype(device.type)
    model = _model(wanted, device, dtype)
    stream = Stream(model, wanted.profile, device=device, dtype=dtype, batch=wanted.batch)
    return Loaded(stream, _live_loras(model, wanted.loras))


def _model(wanted: Wanted, device: torch.device, dtype: torch.dtype) -> Wan:
    if wanted.random:
        from livegraph_wan.random_weights import random_wan

        return random_wan(wanted.profile, vae_of(wanted.profile, wanted.vae), device, dtype)
    if wanted.profile.vae == "nano":
        from livegraph_wan.nano.model import load_nano

        return load_nano()
    return assemble(wanted, device, dtype)


def assemble(wanted: Wanted, device: torch.device, dtype: torch.dtype) -> Wan:
    """A published checkpoint with its VAE and text encoder."""
    from livegraph_wan.text import Umt5

    transformer = load_transformer(wanted, device, dtype)
    vae = load_vae(wanted.profile, vae_of(wanted.profile, wanted.vae))
    text = Umt5(require_model("umt5-xxl"), wanted.embeddings, text_len=wanted.profile.architecture.text_len)
    return Wan(transformer, vae, text)


def load_transformer(wanted: Wanted, device: torch.device, dtype: torch.dtype) -> WanTransformer:
    """The transformer alone."""
    path = wanted.checkpoint or checkpoint_in(require_model(wanted.profile.name))
    with torch.device("meta"):
        transformer = WanTransformer(wanted.profile.architecture)
    base = [(read_lora(lora), 1.0) for lora in companions(path)]
    fill(transformer, open_transformer(path), device=device, dtype=dtype, loras=base)
    return transformer.eval()


def checkpoint_in(folder: Path) -> Path:
    """The transformer's file in a model's folder: an index of shards, else the file that is no LoRA."""
    files = sorted(path for path in folder.iterdir() if path.suffix in CHECKPOINT_SUFFIXES)
    indices = [path for path in files if path.name.endswith(".index.json")]
    whole = [path for path in files if path.suffix != ".json" and "lora" not in path.stem]
    if not (found := indices or whole):
        raise ModelError(f"{folder} holds no checkpoint ({', '.join(CHECKPOINT_SUFFIXES)})")
    return found[0]


def companions(path: Path) -> list[Path]:
    """LoRAs that belong to a checkpoint, as LongLive's does: they lie beside it."""
    return sorted(other for other in path.parent.glob("*lora*") if other.suffix in CHECKPOINT_SUFFIXES)


def load_vae(profile: Profile, name: VaeName) -> StreamingVAE:
    """TAEHV, or Wan's own."""
    from livegraph_wan.vae.base import channels_last
    from livegraph_wan.vae.taehv import TAEHV
    from livegraph_wan.vae.wan import WanVAE

    source: SourceScale = "normalised" if profile.normalised else "raw"
    if name == "taehv":
        tiny = TAEHV(source=source)
        tiny.load_state_dict(_weights(require_model("taew2_1") / "taew2_1.pth"))
        return channels_last(tiny.eval())
    large = WanVAE(source=source)
    large.load_state_dict(_weights(require_model("wan2.1-vae") / "Wan2.1_VAE.pth"))
    return channels_last(large.eval())


def _weights(path: Path) -> dict[str, Tensor]:
    tensors = open_tensors(path)
    return {name: tensors[name] for name in tensors}


def _live_loras(model: Wan, strengths: Mapping[Path, float]) -> LiveLoras | None:
    if not strengths:
        return None
    loras = {str(path): read_lora(path) for path in strengths}
    return LiveLoras(model.transformer, loras, {str(path): strength for path, strength in strengths.items()})
