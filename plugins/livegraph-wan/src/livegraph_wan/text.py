"""The text encoder of the large models, UMT5, and its answers kept on disk: a known prompt needs no encoder at all."""

import logging
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint import Tensors, open_tensors
from livegraph_wan.known import clean, file_of, fingerprint, inside

CACHE_BYTES = 512 << 20
"""What the embeddings on disk may take together; the ones not used for longest go first."""


log = logging.getLogger("livegraph.wan")


class Embeddings:
    """Embeddings by prompt, one small file each, in a folder of their own per encoder."""

    def __init__(self, folder: Path, limit: int = CACHE_BYTES) -> None:
        self._folder, self._limit = folder, limit

    def find(self, prompt: str) -> Tensor | None:
        """`[1, L, dim]`, or None where it is not there or not whole."""
        path = self._path(prompt)
        try:
            found = load_file(path)["embedding"]
        except (OSError, SafetensorError, KeyError):
            return None
        os.utime(path)
        return found

    def add(self, prompt: str, embedding: Tensor) -> None:
        """Write it whole or not at all. Where there is no room for it, it will be read again."""
        path = self._path(prompt)
        partial = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file({"embedding": embedding.contiguous()}, partial)
            partial.replace(path)
            self._prune()
        except (OSError, SafetensorError) as error:
            log.warning("a prompt's embedding cannot be kept in %s: %s", self._folder, error)

    def _path(self, prompt: str) -> Path:
        return self._folder / file_of(prompt)

    def _prune(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob("*.safetensors")]
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda item: item[0].st_mtime):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= stat.st_size


class Umt5:
    """UMT5 from a folder: as Wan publishes it (a `.pth` beside `tokenizer.json`), or as transformers and diffusers do
    (weights and `config.json` in it or in its `text_encoder`, the tokenizer beside them or in its `tokenizer`). Loaded
    when a prompt comes that is not known yet.
    """

    def __init__(
        self, folder: Path, cache: Path | None, *, text_len: int = 512, device: torch.device | None = None
    ) -> None:
        """`cache` is the folder for embeddings of all encoders; None keeps nothing on disk."""
        self._folder, self._text_len = folder, text_len
        self._device = device or torch.device("cpu")
        self._known = None if cache is None else Embeddings(cache / fingerprint(folder))
        self._recent: dict[str, Tensor] = {}
        self._parts: tuple[Any, Any] | None = None

    def knows(self, prompt: str) -> bool:
        """Whether `read` answers at once."""
        return self._find(clean(prompt)) is not None

    def read(self, prompt: str) -> Tensor:
        """`[1, L, dim]` on the CPU, L tokens long: at most `text_len`, the end-of-text token among them."""
        text = clean(prompt)
        found = self._find(text)
        if found is None:
            found = self._recent[text] = self._encode(text)
            if self._known is not None:
                self._known.add(text, found)
        return found

    def release(self) -> None:
        """Free the encoder's memory until a new prompt comes."""
        self._parts = None

    def _find(self, text: str) -> Tensor | None:
        if text not in self._recent and self._known is not None and (found := self._known.find(text)) is not None:
            self._recent[text] = found
        return self._recent.get(text)

    @torch.inference_mode()
    def _encode(self, text: str) -> Tensor:
        tokenizer, encoder = self._load()
        ids = torch.tensor([tokenizer.encode(text).ids], device=self._device)
        hidden: Tensor = encoder(ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return hidden.to("cpu")

    def _load(self) -> tuple[Any, Any]:
        if self._parts is None:
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(inside(self._folder, "tokenizer") / "tokenizer.json"))
            tokenizer.enable_truncation(self._text_len)
            self._parts = tokenizer, load_encoder(inside(self._folder, "text_encoder")).to(self._device).eval()
        return self._parts


def load_encoder(folder: Path) -> Any:
    """transformers' `UMT5EncoderModel` in bf16, from its own files or from Wan's. Raises `ModelError`."""
    from transformers import UMT5EncoderModel

    if (folder / "config.json").is_file():
        return UMT5EncoderModel.from_pretrained(
            folder, dtype=torch.bfloat16, local_files_only=True, use_safetensors=True
        )
    paths = sorted(folder.glob("*.pth"))
    if not paths:
        raise ModelError(f"{folder} holds no text encoder: neither config.json nor a .pth")
    tensors = open_tensors(paths[0])
    with torch.device("meta"):
        encoder = UMT5EncoderModel(_config(tensors))
    weights = {_transformers_name(name): tensors[name].to(torch.bfloat16) for name in tensors}
    weights["encoder.embed_tokens.weight"] = weights["shared.weight"]
    encoder.load_state_dict(weights, assign=True)
    return encoder


def _config(tensors: Tensors) -> Any:
    """Sizes from shapes; what has none is the same in every UMT5."""
    from transformers import UMT5Config

    vocabulary, width = tensors.shape("token_embedding.weight")
    heads = tensors.shape("blocks.0.pos_embedding.embedding.weight")[1]
    return UMT5Config(
        vocab_size=vocabulary,
        d_model=width,
        d_kv=tensors.shape("blocks.0.attn.q.weight")[0] // heads,
        d_ff=tensors.shape("blocks.0.ffn.fc1.weight")[0],
        num_layers=1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks.")),
        num_heads=heads,
    )


_PARTS = {
    "norm1": "layer.0.layer_norm",
    "attn": "layer.0.SelfAttention",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}


def _transformers_name(name: str) -> str:
    """Of a weight that Wan's file calls `name`; `ModelError` where it is none of a UMT5 encoder."""
    ends = {"token_embedding.weight": "shared.weight", "norm.weight": "encoder.final_layer_norm.weight"}
    if name in ends:
        return ends[name]
    if name.startswith("blocks."):
        _, number, rest = name.split(".", 2)
        for ours, theirs in _PARTS.items():
            if rest.startswith(f"{ours}."):
                return f"encoder.block.{number}.{theirs}{rest[len(ours) :]}"
    raise ModelError(f"{name} is no weight of a UMT5 encoder")
