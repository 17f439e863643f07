"""A stand-in for SpoutGL 0.1.1, of the parts that the nodes use, on a Windows machine in memory.

It is a binary (`_spoutgl.pyd`), without type stubs. Names are those in the binary; parameters, which have no names and
no defaults there, and the checks of buffers are those of its source, `src/PySpoutGL.cpp` in jlai/Python-SpoutGL;
the order of `sendImage`'s sizes, and when to ask `isUpdated`, are those of its `examples/image`. An OpenGL context
belongs to the thread that made it.
"""

from __future__ import annotations

import threading
from importlib.machinery import ModuleSpec

import numpy as np

__spec__ = ModuleSpec("SpoutGL", None)  # what find_spec gives for a module that is loaded already
GL_RGBA = 0x1908


class Windows:
    """`senders`: those that our process made. `offered`: those of other programs, by name."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.senders: list[SpoutSender] = []
        self.receivers: list[SpoutReceiver] = []
        self.offered: dict[str, Offer] = {}
        self.has_opengl = True

    def offer(self, name: str) -> Offer:
        return self.offered.setdefault(name, Offer())


class Offer:
    def __init__(self) -> None:
        self.there = True
        self.picture = np.zeros((1, 1, 3), np.uint8)
        self.shown = 0

    def show(self, rgb: np.ndarray) -> None:
        self.picture = rgb
        self.shown += 1


windows = Windows()


class Port:
    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.released = self.closed = False

    def createOpenGL(self) -> bool:
        self.thread = threading.current_thread()
        return windows.has_opengl

    def closeOpenGL(self) -> bool:
        self._current()
        assert self.released
        self.closed = True
        return True

    def _current(self) -> None:
        assert self.thread is threading.current_thread(), "no OpenGL context on this thread"


def contiguous(buffer, size: int) -> memoryview:
    view = memoryview(buffer)
    if view.nbytes < size:
        raise BufferError("Buffer not large enough")
    if not view.c_contiguous:
        raise BufferError("Buffer must be contiguous")
    return view


class SpoutSender(Port):
    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.sent: list[np.ndarray] = []
        self.working = True
        windows.senders.append(self)

    def setSenderName(self, arg0: str, /) -> None:
        self.name = arg0

    def sendImage(self, arg0, arg1: int, arg2: int, arg3: int, arg4: bool, arg5: int, /) -> bool:
        self._current()
        assert arg3 == GL_RGBA and not self.released
        pixels = np.frombuffer(contiguous(arg0, arg1 * arg2 * 4), np.uint8).reshape(arg2, arg1, 4)
        if self.working:
            self.sent.append((pixels[::-1] if arg4 else pixels).copy())
        return self.working

    def releaseSender(self) -> None:
        self.released = True


class SpoutReceiver(Port):
    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.size = 0, 0
        self.updated = self.new = False
        self.seen = 0
        windows.receivers.append(self)

    def getSenderList(self) -> list[str]:
        return [name for name, offer in windows.offered.items() if offer.there]

    def setReceiverName(self, arg0: str, /) -> None:
        self.name = arg0

    def receiveImage(self, arg0, arg1: int, arg2: bool, arg3: int, /) -> bool:
        self._current()
        offer = windows.offered.get(self.name)
        self.new = False
        if offer is None or not offer.there:
            self.size = 0, 0
            return False
        height, width = offer.picture.shape[:2]
        if self.size != (width, height):
            self.size, self.updated = (width, height), True
            return True
        if arg0 is not None and offer.shown > self.seen:
            pixels = np.frombuffer(contiguous(arg0, width * height * 4), np.uint8).reshape(height, width, 4)
            pixels[..., :3] = offer.picture[::-1] if arg2 else offer.picture
            self.new, self.seen = True, offer.shown
        return True

    def isUpdated(self) -> bool:
        updated, self.updated = self.updated, False
        return updated

    def isFrameNew(self) -> bool:
        return self.new

    def getSenderWidth(self) -> int:
        return self.size[0]

    def getSenderHeight(self) -> int:
        return self.size[1]

    def releaseReceiver(self) -> None:
        self.released = True
