"""A profile's model, put together from what lies on the disk, or from random numbers of its true size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch

from livegraph import InputError, ModelError, require_model
from livegraph_wan.checkpoint import LiveLoras, fill, open_tensors, open_transformer, open_vae, read_lora
from livegraph_wan.choice import check_vae, vae_of
from livegraph_wan.device import fast_dtype
from livegraph_wan.engine import Engine
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.quantise import Quantise, check_quantise
from livegraph_wan.wan import Wan

if TYPE_CHECKING:
    from livegraph_wan.clip import ClipVision
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
    compiled: bool | None = None
    """Whether it is compiled; None: where that is worth it."""
    overlap: bool = False
    quantise: Quantise = "none"
    """What the blocks' weights are packed to."""
    embeddings: Path | None = None
    """The folder that prompts' embeddings are kept in."""
    random: bool = False
    """Random numbers of the model's true size instead of weights: to measure, not to look at."""


class Loras(Protocol):
    """LoRAs on a model, with strengths that change while it runs."""

    def set(self, name: str, strength: float) -> None: ...

    def strengths(self) -> dict[str, float]: ...


class Loaded:
    """A stream, and what of it may change while it runs."""

    def __init__(
        self, stream: Engine[Any, Any], load_vae: Callable[[VaeName], Any], loras: Loras | None = None
    ) -> None:
        """`load_vae` loads another VAE for `stream.refit`."""
        self.stream, self.load_vae = stream, load_vae
        self._loras = loras

    def set_loras(self, strengths: Mapping[Path, float]) -> None:
        """From the next chunk on."""
        if self._loras is None:
            return
        before = self._loras.strengths()
        for path, strength in strengths.items():
            self._loras.set(str(path), strength)
        if self._loras.strengths() != before:
            self.stream.read_again()  # LoRAs are on the layers that read the prompt, too

    def close(self) -> None:
        """Nothing more will be painted."""


class MakeStream(Protocol):
    """A stream on torch: `Stream`, or one that is part of a crew."""

    def __call__(
        self, model: Wan, profile: Profile, *, device: torch.device, dtype: torch.dtype, batch: int
    ) -> Engine[Any, Any]: ...


def load(wanted: Wanted, backend: str, make_stream: MakeStream | None = None) -> Loaded:
    """On one of `choice.BACKENDS`; of several GPUs one by its number (`torch-cuda:1`). Raises `ModelError` for what is
    missing or unfit, `InputError` for what a backend cannot do.
    """
    check_quantise(wanted.quantise, backend.partition(":")[0])
    check_vae(wanted.profile, wanted.vae)
    _check_files(wanted)
    if backend == "mlx":
        from livegraph_wan.mlx.load import load as load_on_mlx

        return load_on_mlx(wanted)
    from livegraph_wan.stream import Stream

    device = torch.device(backend.removeprefix("torch-"))
    dtype = DTYPES[wanted.dtype] if wanted.dtype else fast_dtype(device.type)
    model = _model(wanted, device, dtype)
    if wanted.quantise != "none":
        _pack(model, wanted, device, dtype)
    make = make_stream or partial(Stream, compiled=wanted.compiled, overlap=wanted.overlap)
    stream = make(model, wanted.profile, device=device, dtype=dtype, batch=wanted.batch)
    return Loaded(stream, partial(load_vae, wanted.profile), _live_loras(model, wanted.loras))


def _check_files(wanted: Wanted) -> None:
    """What is not there is told with the parameter that asked for it."""
    if wanted.checkpoint is not None and wanted.profile.vae == "nano":
        name = wanted.profile.name
        raise InputError(f"checkpoint: {name} brings its own weights; say by `model` what {wanted.checkpoint} is of")
    asked = [("checkpoint", wanted.checkpoint), *(("loras", path) for path in wanted.loras)]
    for parameter, path in asked:
        if path is not None and not path.is_file():
            raise ModelError(f"{parameter}: {path}: there is no such file")


def _pack(model: Wan, wanted: Wanted, device: torch.device, dtype: torch.dtype) -> None:
    """In place, on the device: packed weights are not moved."""
    from livegraph_wan.packed import pack

    if wanted.loras:
        raise InputError("quantise: on torch, LoRAs cannot be laid over packed weights; merge them, or leave one out")
    pack(model.to(device, dtype).transformer)


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
    return Wan(transformer, vae, text, load_image_encoder(wanted.profile, device))


def load_image_encoder(profile: Profile, device: torch.device) -> ClipVision | None:
    """What an I2V model reads its still with: in fp16 as published, on a CPU in fp32."""
    from livegraph_wan.clip import ClipVision

    if not profile.architecture.image_dim:
        return None
    return ClipVision(require_model("wan2.1-clip"), device, torch.float32 if device.type == "cpu" else torch.float16)


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
    """TAEHV, or Wan's own. Raises `ModelError` for what does not fit, by name."""
    from livegraph_wan.vae.base import channels_last
    from livegraph_wan.vae.taehv import TAEHV
    from livegraph_wan.vae.wan import WanVAE

    source: SourceScale = "normalised" if profile.normalised else "raw"
    if name == "taehv":
        with torch.device("meta"):
            tiny = TAEHV(source=source)
        fill(tiny, open_tensors(require_model("taew2_1")))
        return channels_last(tiny.eval())
    with torch.device("meta"):
        large = WanVAE(source=source)
    fill(large, open_vae(require_model("wan2.1-vae")))
    return channels_last(large.eval())


def _live_loras(model: Wan, strengths: Mapping[Path, float]) -> LiveLoras | None:
    if not strengths:
        return None
    loras = {str(path): read_lora(path) for path in strengths}
    return LiveLoras(model.transformer, loras, {str(path): strength for path, strength in strengths.items()})
