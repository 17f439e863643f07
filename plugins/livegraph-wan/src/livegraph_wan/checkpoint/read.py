"""Checkpoint files as named tensors: safetensors in one file or in shards, and torch's own format.

Files are memory-mapped, so what is not asked for is not read, and what is read can be given back by the system. torch's
format is a pickle: it is opened with `weights_only` and nothing else, so that no code in it can run.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from livegraph import ModelError

PARTS = ("generator", "generator_ema", "state_dict", "model", "generator_lora")
"""Under which key training code puts the weights; the first that is there is taken."""

_WRAPPERS = re.compile(r"(?:^|(?<=\.))(?:_fsdp_wrapped_module|_checkpoint_wrapped_module|_orig_mod|module)\.")
_PREFIXES = ("model.", "diffusion_model.")
_TORCH_FILES = (".pt", ".pth", ".bin", ".ckpt")
_HTML = (b"<!doc", b"<html")


class _Entry(NamedTuple):
    shape: torch.Size
    load: Callable[[], Tensor]


class Tensors(Mapping[str, Tensor]):
    """The tensors of a checkpoint by name, without what training wrapped around them; each is read when asked for."""

    def __init__(self, path: Path, entries: Mapping[str, _Entry]) -> None:
        self.path = path
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Tensor:
        return self._entries[name].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self, name: str) -> torch.Size:
        """Without reading the tensor."""
        return self._entries[name].shape

    def renamed(self, rename: Callable[[str], str]) -> "Tensors":
        """The same tensors by other names. `ModelError` where two would be called the same."""
        entries: dict[str, _Entry] = {}
        for name, entry in self._entries.items():
            new = rename(name)
            if new in entries:
                raise ModelError(f"{self.path}: {name} is there twice, as {new}")
            entries[new] = entry
        return Tensors(self.path, entries)


def open_tensors(path: Path, part: str | None = None) -> Tensors:
    """The tensors of a file, of the shards that an `index.json` lists, or of the one checkpoint in a folder.

    `part` chooses what a file with several holds them under (`generator_ema`, say). Raises `ModelError`.
    """
    if path.is_dir():
        path = _in_folder(path)
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    if path.suffix == ".json":
        entries = _read_shards(path)
    elif _is_torch(path):
        entries = _read_torch(path, part)
    else:
        entries = _read_safetensors(path)
    return _unwrap(Tensors(path, entries))


def _unwrap(tensors: Tensors) -> Tensors:
    """Names without what FSDP, checkpointing, compilation and wrapper classes put around them."""
    tensors = tensors.renamed(lambda name: _WRAPPERS.sub("", name))
    prefix = _common_prefix(tensors)
    while prefix:
        tensors = tensors.renamed(partial(_without, prefix))
        prefix = _common_prefix(tensors)
    return tensors


def _without(prefix: str, name: str) -> str:
    return name.removeprefix(prefix)


def _common_prefix(names: Iterable[str]) -> str:
    found = list(names)
    return next((prefix for prefix in _PREFIXES if found and all(name.startswith(prefix) for name in found)), "")


def _in_folder(folder: Path) -> Path:
    """The one checkpoint in a folder; of a diffusers pipeline, its transformer."""
    if (folder / "model_index.json").is_file():
        folder = folder / "transformer"
    patterns = ("*.safetensors.index.json", "*.safetensors", *(f"*{suffix}" for suffix in _TORCH_FILES))
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) == 1:
            return found[0]
        if found:
            raise ModelError(f"{folder}: which of {', '.join(path.name for path in found)}? Name the file")
    raise ModelError(f"{folder}: there is no checkpoint in it ({', '.join(patterns)})")


def _is_torch(path: Path) -> bool:
    """Told by its first bytes, whatever it is called: a zip archive, or a pickle of before torch 1.6."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"version https://git-lfs"):
        raise ModelError(f"{path} is a pointer of Git LFS, not the file itself: `git lfs pull` brings that")
    if start.lstrip().lower().startswith(_HTML):
        raise ModelError(f"{path} is a web page, not a checkpoint: it was saved from the wrong address")
    return start.startswith((b"PK\x03\x04", b"\x80"))


def _read_safetensors(path: Path) -> dict[str, _Entry]:
    try:
        file: Any = safe_open(path, "pt")
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is no checkpoint, or is damaged: {error}") from error

    def entry(name: str) -> _Entry:
        return _Entry(torch.Size(file.get_slice(name).get_shape()), lambda: _tensor(file.get_tensor(name)))

    return {name: entry(name) for name in file.keys()}  # noqa: SIM118 (not a dict)


def _tensor(value: Any) -> Tensor:
    assert isinstance(value, Tensor)
    return value.detach()


def _read_shards(index: Path) -> dict[str, _Entry]:
    """What `weight_map` names, each from its shard."""
    try:
        where: Any = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        shards = {str(shard) for shard in where.values()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} is no index of shards: it has no weight_map") from error
    files: dict[str, dict[str, _Entry]] = {}
    for shard in sorted(shards):
        if Path(shard).name != shard:
            raise ModelError(f"{index}: shard {shard!r} is not beside it")
        if not (index.parent / shard).is_file():
            raise ModelError(f"{index}: its shard {shard} is missing")
        files[shard] = _read_safetensors(index.parent / shard)
    for name, shard in where.items():
        if name not in files[shard]:
            raise ModelError(f"{index}: {name} is not in {shard}, where it should be")
    return {name: files[shard][name] for name, shard in where.items()}


def _read_torch(path: Path, part: str | None) -> dict[str, _Entry]:
    weights = _choose(path, _load(path), part)
    for name, value in weights.items():
        if not isinstance(value, Tensor):
            raise ModelError(f"{path}: {name} is a {type(value).__name__}, not a tensor")
    return {str(name): _Entry(value.shape, value.detach) for name, value in weights.items()}


def _load(path: Path) -> Any:
    """A file of before torch 1.6 cannot be mapped, and is read whole."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        if found := re.search(r"GLOBAL (\S+)", str(error)):
            raise ModelError(
                f"{path} holds more than weights: {found[1]}. It was not run. Convert it where you trust it, "
                "or ask its publisher for safetensors"
            ) from None
        raise ModelError(f"{path} is no checkpoint, or is damaged") from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is no checkpoint, or is damaged: {_first_line(error)}") from error


def _choose(path: Path, content: Any, part: str | None) -> dict[Any, Any]:
    """The state dict in what a file holds, however deep."""
    if part is not None:
        if not isinstance(content, dict) or not isinstance(content.get(part), dict):
            raise ModelError(f"{path} has no {part}: it has {_keys(content)}")
        content = content[part]
    while isinstance(content, dict):
        inner = next((content[key] for key in PARTS if isinstance(content.get(key), dict)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, dict) or not any(isinstance(value, Tensor) for value in content.values()):
        raise ModelError(f"{path} holds no weights: it has {_keys(content)}; looked for {', '.join(PARTS)}")
    return content


def _keys(content: Any) -> str:
    return ", ".join(map(str, list(content)[:8])) if isinstance(content, dict) else f"a {type(content).__name__}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
