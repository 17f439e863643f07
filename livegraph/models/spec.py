"""A model as data: its files, where they come from, and under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Licence:
    """`name` is an SPDX identifier where there is one. `commercial` is None where nobody has stated it."""

    name: str
    url: str
    commercial: bool | None

    @property
    def line(self) -> str:
        """What it is called, what it says of trade, and where it stands."""
        trade = {True: "commercial use allowed", False: "NO commercial use", None: "commercial use: not stated"}
        return f"{self.name} ({trade[self.commercial]}), {self.url}"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: from `url`, or from the Hugging Face repository `repo` at `revision`, there called `source`.

    `path` is where it lies in the model's folder, with `/`; `source` is the same unless it is said. `size` is in bytes,
    and `exact` unless the publisher's figure is rounded. Without a `sha256` the sum of the first download is recorded,
    and later ones are held against it. Raises `ValueError` where it could write outside of the folder.
    """

    path: str
    size: int
    url: str = ""
    repo: str = ""
    revision: str = "main"
    source: str = ""
    sha256: str | None = None
    exact: bool = True

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.path).parts
        if not parts or self.path.startswith("/") or "\\" in self.path or ":" in self.path or ".." in parts:
            raise ValueError(f"{self.path!r} is no path in a model's folder")
        if parts[0].startswith("."):
            raise ValueError(f"{self.path!r}: names with a dot in front are livegraph's own")
        if bool(self.url) == bool(self.repo):
            raise ValueError(f"{self.path}: either a url, or a repo")
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError(f"{self.path}: {self.url!r} is no address for http")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.path}: a sha256 has 64 digits of 0-9a-f, not {self.sha256!r}")
        if self.size <= 0:
            raise ValueError(f"{self.path}: a size in bytes, not {self.size}")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that can be fetched. `needs` names others that it does not run without (an encoder, a VAE).

    `tried` says whether the plugin's authors have loaded these very files; where they have not, every listing says so.
    """

    name: str
    summary: str
    licence: Licence
    home: str
    files: tuple[ModelFile, ...]
    needs: tuple[str, ...] = ()
    tried: bool = False
    notes: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r}: small letters, digits, '.', '_' and '-'")
        paths = [file.path for file in self.files]
        if not paths or len(set(paths)) != len(paths):
            raise ValueError(f"{self.name}: files, each with a path of its own")

    @property
    def size(self) -> int:
        """All its files together, in bytes."""
        return sum(file.size for file in self.files)
