"""A profile's model as a stream on MLX; see `livegraph_wan.load`."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import mlx.core as mx
import torch

from livegraph import require_model
from livegraph_wan.checkpoint import read_lora
from livegraph_wan.choice import vae_of
from livegraph_wan.load import Loaded, Wanted, checkpoint_in, companions, load_image_encoder
from livegraph_wan.mlx.checkpoint import load_taehv, load_transformer, load_wan_vae
from livegraph_wan.mlx.live import LiveLoras
from livegraph_wan.mlx.memory import limit_memory
from livegraph_wan.mlx.nano import load_nano
from livegraph_wan.mlx.quantise import BITS, Bits, quantise
from livegraph_wan.mlx.random_weights import random_wan
from livegraph_wan.mlx.stream import Stream
from livegraph_wan.mlx.wan import StreamingVAE, TorchImage, TorchText, Wan
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.text import Umt5
from livegraph_wan.vae.scale import SourceScale

DTYPES = {"fp32": mx.float32, "bf16": mx.bfloat16, "fp16": mx.float16}


def load(wanted: Wanted) -> Loaded:
    """In bf16 unless another dtype is wanted. Raises `ModelError` for what is missing or unfit."""
    limit_memory()
    dtype, bits = DTYPES[wanted.dtype or "bf16"], BITS.get(wanted.quantise)
    model = _model(wanted, dtype, bits)
    loras = _live_loras(model, wanted.loras)
    stream = Stream(
        model,
        wanted.profile,
        dtype=dtype,
        batch=wanted.batch,
        compiled=wanted.compiled,
        changing=loras.state if loras else (),
        overlap=wanted.overlap,
    )
    return Loaded(stream, partial(load_vae, wanted.profile), loras)


def _live_loras(model: Wan, strengths: Mapping[Path, float]) -> LiveLoras | None:
    if not strengths:
        return None
    loras = {str(path): read_lora(path) for path in strengths}
    return LiveLoras(model.transformer, loras, {str(path): strength for path, strength in strengths.items()})


def _model(wanted: Wanted, dtype: mx.Dtype, bits: Bits | None) -> Wan:
    if wanted.random:
        return _packed(random_wan(wanted.profile, vae_of(wanted.profile, wanted.vae)), bits)
    return _packed(load_nano(), bits) if wanted.profile.vae == "nano" else assemble(wanted, dtype, bits)


def _packed(model: Wan, bits: Bits | None) -> Wan:
    if bits is not None:
        quantise(model.transformer, bits)
    return model


def assemble(wanted: Wanted, dtype: mx.Dtype, bits: Bits | None) -> Wan:
    """A published checkpoint with its VAE, and the LoRAs that belong to it merged; UMT5 reads prompts in torch, on the
    CPU.
    """
    profile = wanted.profile
    path = wanted.checkpoint or checkpoint_in(require_model(profile.name))
    loras = [(read_lora(beside), 1.0) for beside in companions(path)]
    transformer = load_transformer(path, profile.architecture, loras=loras, dtype=dtype, bits=bits)
    vae = load_vae(profile, vae_of(profile, wanted.vae))
    text = Umt5(require_model("umt5-xxl"), wanted.embeddings, text_len=profile.architecture.text_len)
    image = load_image_encoder(profile, torch.device("cpu"))
    return Wan(transformer, vae, TorchText(text), TorchImage(image) if image else None)


def load_vae(profile: Profile, name: VaeName) -> StreamingVAE:
    """TAEHV, or Wan's own. Raises `ModelError` for what does not fit, by name."""
    source: SourceScale = "normalised" if profile.normalised else "raw"
    if name == "taehv":
        return load_taehv(require_model("taew2_1"), source=source)
    return load_wan_vae(require_model("wan2.1-vae"), source=source)
