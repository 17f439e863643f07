"""Sound from where time passes by itself: a thread keeps what comes until it is taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from livegraph import Frame, Gap
from livegraph_media.decode import sound_stream
from livegraph_media.device_thread import DeviceThread, Opener
from livegraph_media.ffmpeg import AudioFrame, InputContainer
from livegraph_media.microphones import NoMicrophone
from livegraph_media.silence import RATE
from livegraph_media.steady_sound import BLOCK, BLOCK_NS, SteadySound

_WAIT_S = 0.1
_WAIT_NS = round(_WAIT_S * 1e9)
_WAITING = 1000
"""Frames that may wait, some seconds' worth. What waits for longer is no longer live."""


class Heard(NamedTuple):
    """A frame, when its last sample came (the clock's nanoseconds), and whether something is missing before it."""

    frame: AudioFrame
    arrived_ns: int
    lost: bool


class SoundCapture(DeviceThread):
    """Keeps all that comes; see `DeviceThread`."""

    def __init__(self, opener: Opener, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._waiting: deque[Heard] = deque()
        super().__init__(opener, "media microphone")

    def take(self, wait_s: float = _WAIT_S) -> Heard | None:
        """What came first of that which was not taken yet; None where nothing comes while waiting."""
        self._raise_failure()
        with self._news:
            if not self._waiting:
                self._news.wait(wait_s)
            return self._waiting.popleft() if self._waiting else None

    def _read(self, container: InputContainer) -> None:
        stream = sound_stream(container)
        if stream is None:
            raise NoMicrophone("the device has no sound")
        for frame in self._decoded(container, stream):
            self._put(frame)

    def _put(self, frame: AudioFrame) -> None:
        with self._news:
            if len(self._waiting) >= _WAITING:
                self._waiting.clear()
                self._fresh = True
            self._waiting.append(Heard(frame, self._now_ns(), self._fresh))
            self._fresh = False
            self._news.notify()


class LiveSound:
    """What a live source's `read` returns: a device's sound, or word that there is none while it is away.

    The runtime places the first frame of a source at the moment at which it comes, and all others by it. So the first
    one is 20 ms of silence, given at once: it needs no time to be captured, and the sound then lies where it was heard.
    """

    def __init__(
        self, capture: SoundCapture, channels: int, name: str, say: Callable[[str], None], now_ns: Callable[[], int]
    ) -> None:
        self._capture = capture
        self._sound = SteadySound(channels)
        self._channels = channels
        self._name = name
        self._say = say
        self._now_ns = now_ns
        self._begun = self._away = False

    def read(self) -> Frame | Gap | None:
        if not self._begun:
            self._begun = True
            return self._silence()
        until_ns = self._now_ns() + _WAIT_NS
        while (block := self._sound.take()) is None and self._now_ns() < until_ns:
            heard = self._capture.take()
            if heard is None:
                return self._nothing()
            self._put(heard)
        return block

    def close(self) -> None:
        self._capture.close()

    def _put(self, heard: Heard) -> None:
        if self._away:
            self._away = False
            self._say(f"{self._name} is back")
        self._sound.put(*heard)

    def _silence(self) -> Frame:
        now_ns = self._now_ns()
        self._sound.begin(now_ns + BLOCK_NS)
        return Frame(now_ns, 0, BLOCK_NS, now_ns, np.zeros((BLOCK, self._channels), np.float32), {"rate": RATE})

    def _nothing(self) -> Gap | None:
        """Where the device is away, what comes after its return was not heard before now."""
        if (reason := self._capture.lost) is None:
            return None
        if not self._away:
            self._away = True
            self._say(f"{self._name} is gone ({reason}); there is silence while it is looked for")
        return Gap(self._now_ns())
