"""Which prompts have been read before. Imports nothing heavy: a graph is planned before torch is."""

import hashlib
import html
import os
import re
import sys
from pathlib import Path

from livegraph import ModelError, find_model
from livegraph_wan.prompts import parse


def is_known(prompt: str) -> bool:
    """Whether UMT5-XXL has read all texts of a prompt, so that it need not run. A guess: what lies there may be broken,
    or make room for others until it is wanted.
    """
    try:
        encoder = find_model("umt5-xxl")
        texts = [clean(part.text) for part in parse(prompt)]
    except (ModelError, ValueError):
        return False
    if encoder is None:
        return False
    folder = embeddings_folder() / fingerprint(encoder)
    return all((folder / file_of(text)).is_file() for text in texts)


def embeddings_folder() -> Path:
    """Where this system keeps what can be made again: XDG_CACHE_HOME, Caches on macOS, LOCALAPPDATA on Windows."""
    if sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        given = Path(os.environ.get("XDG_CACHE_HOME") or "")
        caches = given if given.is_absolute() else Path.home() / ".cache"
    return caches / "livegraph" / "embeddings"


def clean(prompt: str) -> str:
    """As the models were trained: entities resolved, white space made single."""
    return re.sub(r"\s+", " ", html.unescape(html.unescape(prompt))).strip()


def file_of(text: str) -> str:
    """The name of the file that a text's embedding is kept in."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}.safetensors"


def inside(folder: Path, name: str) -> Path:
    """The part of a model, where it lies in a folder of its own."""
    return folder / name if (folder / name).is_dir() else folder


def fingerprint(folder: Path) -> str:
    """What tells one encoder from another: its configuration, and the names and sizes of its weights."""
    weights = inside(folder, "text_encoder")
    told = hashlib.sha256()
    config = weights / "config.json"
    if config.is_file():
        told.update(config.read_bytes())
    for path in sorted([*weights.glob("*.safetensors"), *weights.glob("*.pth")]):
        told.update(f"{path.name} {path.stat().st_size}\n".encode())
    return told.hexdigest()[:16]
