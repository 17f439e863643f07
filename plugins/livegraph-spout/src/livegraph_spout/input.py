"""spout.in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from livegraph import Frame, Image, NodeError, Out, Param, Source, Video
from livegraph_spout.library import GL_RGBA, load, why_not, with_context

if TYPE_CHECKING:
    from livegraph_spout.library import Receiver

USE = "spout.in"
FIND_S = 2.0
_WAIT_S = 0.1
_POLL_S = 0.002


class SpoutIn(Source):
    """The newest picture of another program of this machine.

    A sender that goes is waited for by its name, and the last picture stays meanwhile; the first one after its return
    is a discontinuity. Alpha is left out.
    """

    out: Out[Video]
    sender: str = Param("auto", remote=False, doc="auto: the first; a name")
    flip: bool = Param(False, live=True, doc="turn upside down, for a program that sends so")

    _receiver: Receiver | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not(USE)

    def setup(self) -> None:
        receiver = self._receiver = with_context(load(USE).SpoutReceiver())
        self._name = find_sender(receiver, self.sender)
        receiver.setReceiverName(self._name)
        self._pixels: Image | None = None
        self._begin_ns = self.ctx.clock.now_ns()
        self._seen = self._away = False

    def read(self) -> Frame | None:
        assert self._receiver is not None
        until = time.monotonic() + _WAIT_S
        while (pixels := self._fresh(self._receiver)) is None:
            if time.monotonic() >= until:
                return None
            time.sleep(_POLL_S)
        back, self._away, self._seen = self._away, False, True
        if back:
            self.ctx.say(f"Spout sender {self._name} is back")
        now_ns = self.ctx.clock.now_ns()
        return Frame(now_ns - self._begin_ns, 0, 0, now_ns, rgb_of(pixels), discontinuity=back)

    def status(self) -> Mapping[str, Any]:
        return {"sender": self._name, "connected": not self._away} if hasattr(self, "_name") else {}

    def teardown(self) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.releaseReceiver()
            receiver.closeOpenGL()

    def _fresh(self, receiver: Receiver) -> Image | None:
        """The bytes of a picture that was not given yet; they are the receiver's again with the next call."""
        if not receiver.receiveImage(self._pixels, GL_RGBA, self.flip, 0):
            if self._seen and not self._away:
                self._away = True
                self.ctx.say(f"Spout sender {self._name} is gone; the last picture stays while it is waited for")
            return None
        if receiver.isUpdated():
            self._pixels = np.empty((receiver.getSenderHeight(), receiver.getSenderWidth(), 4), np.uint8)
            return None
        return self._pixels if receiver.isFrameNew() else None


def find_sender(receiver: Receiver, wanted: str) -> str:
    """The sender that `wanted` names, looked for a while; the error lists those that there are."""
    until = time.monotonic() + FIND_S
    while not (found := [name for name in sorted(receiver.getSenderList()) if wanted in ("auto", name)]):
        if time.monotonic() >= until:
            raise NodeError(nothing_found(wanted, receiver.getSenderList()))
        time.sleep(_POLL_S)
    return found[0]


def nothing_found(wanted: str, names: Sequence[str]) -> str:
    what = "no Spout sender" if wanted == "auto" else f"no Spout sender {wanted!r}"
    there = f"there are: {', '.join(sorted(names))}" if names else "no program offers one"
    return f"{what}; {there}"


def rgb_of(pixels: Image) -> Image:
    """A copy without the fourth byte. Channel by channel, which NumPy does fastest."""
    picture: Image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for channel in range(3):
        picture[..., channel] = pixels[..., channel]
    return picture
