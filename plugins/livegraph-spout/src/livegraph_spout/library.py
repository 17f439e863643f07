"""The part of SpoutGL 0.1.1 that the nodes use, typed here, so that nothing imports it before a node is built."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, cast

from livegraph import Image, InputError, NodeError

NAME = "SpoutGL"
PLATFORM = sys.platform
GL_RGBA = 0x1908


class Port(Protocol):
    """What senders and receivers share: an OpenGL context on a hidden window, for the thread that makes it."""

    def createOpenGL(self) -> bool: ...
    def closeOpenGL(self) -> bool: ...


class Sender(Port, Protocol):
    def setSenderName(self, name: str, /) -> None: ...
    def sendImage(self, pixels: Image, width: int, height: int, format: int, invert: bool, fbo: int, /) -> bool:
        """`pixels` are contiguous. The binding calls the sizes height and width, and hands them on in this order."""
        ...

    def releaseSender(self) -> None: ...


class Receiver(Port, Protocol):
    def getSenderList(self) -> Sequence[str]: ...
    def setReceiverName(self, name: str, /) -> None: ...
    def receiveImage(self, pixels: Image | None, format: int, invert: bool, fbo: int, /) -> bool:
        """False where there is no sender. None, and the first call after another size: only connects."""
        ...

    def isUpdated(self) -> bool:
        """Whether the size is another one since this was asked last."""
        ...

    def isFrameNew(self) -> bool: ...
    def getSenderWidth(self) -> int: ...
    def getSenderHeight(self) -> int: ...
    def releaseReceiver(self) -> None: ...


class SpoutGL(Protocol):
    SpoutSender: Callable[[], Sender]
    SpoutReceiver: Callable[[], Receiver]


P = TypeVar("P", bound=Port)


def why_not(use: str) -> str | None:
    """The reason why the node type `use` cannot be used here, else None. Imports nothing."""
    if PLATFORM != "win32":
        return f"{use} needs Windows: on macOS there is syphon.*, and between machines ndi.*"
    if importlib.util.find_spec(NAME) is None:
        return "SpoutGL is not installed (pip install SpoutGL)"
    return None


def load(use: str) -> SpoutGL:
    """The module; InputError says what is missing."""
    if (reason := why_not(use)) is not None:
        raise InputError(reason)
    return cast(SpoutGL, importlib.import_module(NAME))


def with_context(port: P) -> P:
    """The port, with an OpenGL context of this thread's own."""
    if not port.createOpenGL():
        raise NodeError("Spout found no OpenGL here: is there a graphics driver, and a session on the screen?")
    return port
