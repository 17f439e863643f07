"""A stand-in for syphon-python 0.2.0 and PyObjC's pool, of the parts that the nodes use, on a Mac in memory.

Signatures, attributes and refusals are those of its `server.py`, `client.py`, `server_directory.py` and
`utils/raw.py`. What macOS adds: textures that clients get are BGRA (its `tests/test_metal_integration.py`); a server
turns a flipped texture, which leaves the lowest row first (Syphon's `SyphonMetalServer.h`, its video example); and
announcements are heard on the main thread alone, while its run loop runs (its README). Here that is the test's thread.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

RGBA, BGRA = 70, 80  # MTLPixelFormatRGBA8Unorm, MTLPixelFormatBGRA8Unorm (Metal's MTLPixelFormat.h)


class Texture:
    def __init__(self, width: int, height: int, kind: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self.kind = kind

    def width(self) -> int:
        return self.pixels.shape[1]

    def height(self) -> int:
        return self.pixels.shape[0]

    def pixelFormat(self) -> int:
        return self.kind


@dataclass
class SyphonServerDescription:
    uuid: str
    name: str
    app_name: str
    icon: Any
    raw: Any


class Mac:
    """`servers`: those that our process made. `offered`: those of other programs, by description."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.servers: list[SyphonMetalServer] = []
        self.clients: list[SyphonMetalClient] = []
        self.offered: list[Offer] = []
        self.heard: list[SyphonServerDescription] = []
        self.passes = 0
        self.pools = threading.local()

    def offer(self, app_name: str, name: str = "") -> Offer:
        offer = Offer(SyphonServerDescription(f"{app_name}-{name}", name, app_name, None, {}))
        self.offered.append(offer)
        return offer

    def pooled(self) -> None:
        assert getattr(self.pools, "depth", 0) > 0, "objects of Cocoa outside of an autorelease pool leak"


class Offer:
    def __init__(self, description: SyphonServerDescription) -> None:
        self.description = description
        self.there = True
        self.image: Texture | None = None
        self.shown = 0

    def show(self, rgb: np.ndarray, kind: int = BGRA) -> None:
        """As a program does that draws by OpenGL: the lowest row first."""
        self.image = Texture(rgb.shape[1], rgb.shape[0], kind)
        self.image.pixels[..., :3] = rgb[::-1] if kind == RGBA else rgb[::-1, :, ::-1]
        self.shown += 1


mac = Mac()


class SyphonServerDirectory:
    def __init__(self) -> None:
        self.run_loop_interval: float = 1.0
        self.closed = False

    @property
    def servers(self) -> list[SyphonServerDescription]:
        self.update_run_loop()
        return list(mac.heard)

    def update_run_loop(self) -> None:
        assert self.run_loop_interval == 0, "holds up the loop"
        if threading.current_thread() is threading.main_thread():
            mac.heard = [offer.description for offer in mac.offered if offer.there]
            mac.passes += 1

    def close(self) -> None:
        self.closed = True


class SyphonMetalServer:
    def __init__(
        self, name: str, device: Any | None = None, command_queue: Any | None = None, *, is_private: bool = False
    ) -> None:
        mac.pooled()
        self.name, self.device = name, object()
        self.published: list[np.ndarray] = []
        self.stopped = False
        mac.servers.append(self)

    def publish_frame_texture(
        self,
        texture: Texture,
        region: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
        is_flipped: bool = False,
        command_buffer: Any | None = None,
        auto_commit: bool = True,
    ) -> None:
        mac.pooled()
        assert not self.stopped
        self.published.append((texture.pixels[::-1] if is_flipped else texture.pixels).copy())

    def stop(self) -> None:
        self.stopped = True


class SyphonMetalClient:
    def __init__(
        self,
        description: SyphonServerDescription,
        device: Any | None = None,
        *,
        new_frame_handler: Any | None = None,
        callback_loop: Any | None = None,
    ) -> None:
        mac.pooled()
        (self.offer,) = (offer for offer in mac.offered if offer.description is description)
        self.seen = 0
        self.stopped = False
        mac.clients.append(self)

    @property
    def is_valid(self) -> bool:
        return self.offer.there and not self.stopped

    @property
    def has_new_frame(self) -> bool:
        return self.is_valid and self.offer.shown > self.seen

    @property
    def new_frame_image(self) -> Texture | None:
        mac.pooled()
        self.seen = self.offer.shown
        return self.offer.image if self.is_valid else None

    def stop(self) -> None:
        self.stopped = True


def create_mtl_texture(device: Any, width: int, height: int, pixel_format: int = RGBA) -> Texture:
    mac.pooled()
    return Texture(width, height, pixel_format)


def copy_bytes_to_mtl_texture(data: bytes, texture: Texture) -> None:
    assert isinstance(data, bytes)
    texture.pixels = np.frombuffer(data, np.uint8).reshape(texture.pixels.shape)


def copy_mtl_texture_to_bytes(texture: Texture, buffer: Any | None = None) -> bytes:
    if texture.pixelFormat() not in (RGBA, BGRA):
        raise Exception("Not correct pixel format (expected MTLPixelFormatBGRA8Unorm or MTLPixelFormatRGBA8Unorm)")
    return texture.pixels.tobytes()


@contextmanager
def autorelease_pool():
    mac.pools.depth = getattr(mac.pools, "depth", 0) + 1
    try:
        yield
    finally:
        mac.pools.depth -= 1


def _module(name: str, *members: Any) -> ModuleType:
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)  # what find_spec gives for a module that is loaded already
    for member in members:
        setattr(made, member.__name__, member)
    return made


MODULES = {
    "syphon": _module("syphon", SyphonMetalServer, SyphonMetalClient, SyphonServerDirectory),
    "syphon.utils.raw": _module(
        "syphon.utils.raw", create_mtl_texture, copy_bytes_to_mtl_texture, copy_mtl_texture_to_bytes
    ),
    "objc": _module("objc", autorelease_pool),
}
