"""The part of syphon-python 0.2 that the nodes use, typed here, so that nothing imports it before a node is built."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from livegraph import InputError

NAME = "syphon"
PLATFORM = sys.platform
RGBA8UNORM = 70
"""MTLPixelFormatRGBA8Unorm; the other that syphon-python copies is BGRA8Unorm, which servers make."""


class Texture(Protocol):
    """A Metal texture of four bytes per pixel."""

    def width(self) -> int: ...
    def height(self) -> int: ...
    def pixelFormat(self) -> int: ...


class Description(Protocol):
    """A server that can be connected to."""

    name: str
    app_name: str


class Directory(Protocol):
    run_loop_interval: float

    @property
    def servers(self) -> Sequence[Description]:
        """Those that are known once this thread's Cocoa events were let through."""
        ...

    def update_run_loop(self) -> None: ...
    def close(self) -> None: ...


class Server(Protocol):
    device: Any

    def publish_frame_texture(self, texture: Texture, *, is_flipped: bool) -> None:
        """The texture is copied. `is_flipped`: its first row is the topmost."""
        ...

    def stop(self) -> None: ...


class Client(Protocol):
    @property
    def is_valid(self) -> bool:
        """False once the server is gone."""
        ...

    @property
    def has_new_frame(self) -> bool: ...

    @property
    def new_frame_image(self) -> Texture | None: ...

    def stop(self) -> None: ...


class Syphon(Protocol):
    SyphonMetalServer: Callable[[str], Server]
    SyphonMetalClient: Callable[[Description], Client]
    SyphonServerDirectory: Callable[[], Directory]


class Raw(Protocol):
    """`syphon.utils.raw`."""

    def create_mtl_texture(self, device: Any, width: int, height: int) -> Texture: ...
    def copy_bytes_to_mtl_texture(self, data: bytes, texture: Texture) -> None: ...
    def copy_mtl_texture_to_bytes(self, texture: Texture) -> bytes: ...


class Library(NamedTuple):
    """`autorelease_pool`: PyObjC's; a thread that has none keeps every object that Cocoa hands it."""

    syphon: Syphon
    raw: Raw
    autorelease_pool: Callable[[], AbstractContextManager[Any]]


def why_not(use: str) -> str | None:
    """The reason why the node type `use` cannot be used here, else None. Imports nothing."""
    if PLATFORM != "darwin":
        return f"{use} needs macOS: on Windows there is spout.*, and between machines ndi.*"
    if importlib.util.find_spec(NAME) is None:
        return "syphon-python is not installed (pip install syphon-python)"
    return None


def load(use: str) -> Library:
    """InputError says what is missing."""
    if (reason := why_not(use)) is not None:
        raise InputError(reason)
    syphon, raw, objc = (importlib.import_module(name) for name in (NAME, f"{NAME}.utils.raw", "objc"))
    return Library(syphon, raw, objc.autorelease_pool)
