"""Where a sender's sound stands beside its pictures: two RTP clocks on one. Pure.

Each stream counts from an origin of its own. Sender reports say what both are by the sender's clock (RFC 3550, section
6.4.1); until both have come, what arrived at the same time is taken for simultaneous.
"""

from __future__ import annotations

from collections import deque
from statistics import median_low

from livegraph_webrtc.opus_encoder import RATE
from livegraph_webrtc.presentation import unix_ns_of
from livegraph_webrtc.rtp_time import CLOCK_RATE, nearest

STEP_NS = 15_000_000
"""The sound is moved, which can be heard, where it is off by more; 40 ms can be seen."""
_KEPT = 7
"""Reports that count. Some senders pair a packet's time with when they sent it, which is now sooner, now later."""
_FAR_NS = 1_000_000_000


class StreamClock:
    """One RTP stream: nanoseconds of its own against the sender's clock, and against ours."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._told: deque[int] = deque(maxlen=_KEPT)
        self._newest: int | None = None
        self.began_ns: int | None = None
        """When its time 0 would have arrived, by the packet that took least. Nanoseconds of our clock."""

    @property
    def told_ns(self) -> int | None:
        """What its time 0 is by the sender's clock, if that was told."""
        return median_low(self._told) if self._told else None

    def own_ns(self, ticks: int) -> int:
        return ticks * 1_000_000_000 // self._clock_rate

    def arrived(self, ticks: int, arrived_ns: int) -> None:
        """`ticks` do not wrap."""
        self._newest = ticks
        began_ns = arrived_ns - self.own_ns(ticks)
        if self.began_ns is None or began_ns < self.began_ns or began_ns - self.began_ns > _FAR_NS:
            self.began_ns = began_ns

    def reported(self, ntp: int, rtp: int) -> None:
        """Of a sender report: its NTP time, and the RTP time, 32 bits, that belongs to it."""
        if self._newest is None or not ntp:  # 0: the sender has sent nothing yet, or knows no clock
            return
        told_ns = unix_ns_of(ntp) - self.own_ns(nearest(rtp, self._newest))
        known_ns = self.told_ns
        if known_ns is not None and abs(told_ns - known_ns) > _FAR_NS:  # the sender's clock was set, or it began anew
            self._told.clear()
        self._told.append(told_ns)


class LipSync:
    """`video` and `sound` are told on the loop's thread; `offset_ns` may be asked from another."""

    def __init__(self) -> None:
        self.video = StreamClock(CLOCK_RATE)
        self.sound = StreamClock(RATE)
        self._offset_ns: int | None = None

    def offset_ns(self) -> int | None:
        """What to add to the sound's own nanoseconds for those of the video; None before both have arrived. It stays
        while it is right within `STEP_NS`.
        """
        wanted_ns = self._difference(self.sound.told_ns, self.video.told_ns)
        if wanted_ns is None:
            wanted_ns = self._difference(self.sound.began_ns, self.video.began_ns)
        if wanted_ns is not None and (self._offset_ns is None or abs(wanted_ns - self._offset_ns) > STEP_NS):
            self._offset_ns = wanted_ns
        return self._offset_ns

    @staticmethod
    def _difference(sound_ns: int | None, video_ns: int | None) -> int | None:
        return None if sound_ns is None or video_ns is None else sound_ns - video_ns
