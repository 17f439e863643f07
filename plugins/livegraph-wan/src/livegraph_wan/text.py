"""The text encoder of the large models, UMT5, and its answers kept on disk: a known prompt needs no encoder at all."""

import hashlib
import html
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

CACHE_BYTES = 512 << 20
"""What the embeddings on disk may take together; the ones not used for longest go first."""


def clean(prompt: str) -> str:
    """As the models were trained: entities resolved, white space made single."""
    return re.sub(r"\s+", " ", html.unescape(html.unescape(prompt))).strip()


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
        """Write it whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(prompt)
        partial = path.with_suffix(f".{os.getpid()}.part")
        save_file({"embedding": embedding.contiguous()}, partial)
        partial.replace(path)
        self._prune()

    def _path(self, prompt: str) -> Path:
        return self._folder / f"{hashlib.sha256(prompt.encode()).hexdigest()}.safetensors"

    def _prune(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob("*.safetensors")]
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda item: item[0].st_mtime):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= stat.st_size


class Umt5:
    """UMT5 from a folder as transformers saves it: weights and `config.json` in it or in its `text_encoder`, the
    tokenizer beside them or in its `tokenizer`. Loaded when a prompt comes that is not known yet.
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
        tokens = tokenizer(text, max_length=self._text_len, truncation=True, return_tensors="pt")
        ids, mask = tokens["input_ids"].to(self._device), tokens["attention_mask"].to(self._device)
        hidden: Tensor = encoder(ids, attention_mask=mask).last_hidden_state
        return hidden[:, : int(mask.sum())].to("cpu", torch.bfloat16 if encoder.dtype == torch.bfloat16 else None)

    def _load(self) -> tuple[Any, Any]:
        if self._parts is None:
            from transformers import AutoTokenizer, UMT5EncoderModel

            weights, tokenizer = (_inside(self._folder, name) for name in ("text_encoder", "tokenizer"))
            encoder: Any = UMT5EncoderModel.from_pretrained(
                weights, dtype=torch.bfloat16, local_files_only=True, use_safetensors=True
            )
            reader = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
            self._parts = reader, encoder.to(self._device).eval()
        return self._parts


def _inside(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).is_dir() else folder


def fingerprint(folder: Path) -> str:
    """What tells one encoder from another: its configuration, and the names and sizes of its weights."""
    weights = _inside(folder, "text_encoder")
    told = hashlib.sha256()
    config = weights / "config.json"
    if config.is_file():
        told.update(config.read_bytes())
    for path in sorted(weights.glob("*.safetensors")):
        told.update(f"{path.name} {path.stat().st_size}\n".encode())
    return told.hexdigest()[:16]
