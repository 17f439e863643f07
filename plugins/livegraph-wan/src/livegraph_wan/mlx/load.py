"""A profile's model as a stream on MLX; see `livegraph_wan.load`."""

import mlx.core as mx
import torch

from livegraph import InputError, require_model
from livegraph_wan.checkpoint import read_lora
from livegraph_wan.choice import vae_of
from livegraph_wan.load import Wanted, checkpoint_in, companions, load_image_encoder
from livegraph_wan.mlx.checkpoint import load_taehv, load_transformer
from livegraph_wan.mlx.nano import load_nano
from livegraph_wan.mlx.quantise import quantise
from livegraph_wan.mlx.stream import Stream
from livegraph_wan.mlx.wan import TorchImage, TorchText, Wan
from livegraph_wan.text import Umt5

DTYPES = {"fp32": mx.float32, "bf16": mx.bfloat16, "fp16": mx.float16}


def load(wanted: Wanted) -> Stream:
    """In bf16 unless another dtype is wanted. Raises `ModelError` for what is missing or unfit."""
    model = _nano(wanted) if wanted.profile.vae == "nano" else assemble(wanted)
    if wanted.bits is not None:
        quantise(model.transformer, wanted.bits)
    return Stream(model, wanted.profile, dtype=DTYPES[wanted.dtype or "bf16"], batch=wanted.batch)


def _nano(wanted: Wanted) -> Wan:
    if wanted.loras:
        raise InputError("wan-nano takes no LoRAs on mlx; on torch it does")
    return load_nano()


def assemble(wanted: Wanted) -> Wan:
    """A published checkpoint with TAEHV, its LoRAs merged; prompts are read by UMT5 in torch, on the CPU."""
    profile = wanted.profile
    if vae_of(profile, wanted.vae) != "taehv":
        raise InputError("Wan's own VAE does not run on mlx; TAEHV does: livegraph models pull taew2_1")
    path = wanted.checkpoint or checkpoint_in(require_model(profile.name))
    loras = [(read_lora(beside), 1.0) for beside in companions(path)]
    loras += [(read_lora(lora), strength) for lora, strength in wanted.loras.items()]
    transformer = load_transformer(path, profile.architecture, loras=loras)
    tiny = require_model("taew2_1") / "taew2_1.pth"
    vae = load_taehv(tiny, source="normalised" if profile.normalised else "raw")
    text = Umt5(require_model("umt5-xxl"), wanted.embeddings, text_len=profile.architecture.text_len)
    image = load_image_encoder(profile, torch.device("cpu"))
    return Wan(transformer, vae, TorchText(text), TorchImage(image) if image else None)
