"""A file played from its beginning to its end, once or in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from livegraph import EndOfStream, Frame, InputError
from livegraph_media.address import Address
from livegraph_media.decode import Decoder, times_of
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.shape import Shaper
from livegraph_media.timeline import Timeline

_MISSING_S = 1.0
"""How much may lack of the announced length before it is mentioned."""


class Player:
    """Gives the pictures of a file with rising times. Where it loops, the file is opened anew for each round."""

    def __init__(
        self, address: Address, start_s: float, loop: bool, shaper: Shaper, say: Callable[[str], None]
    ) -> None:
        self._address = address
        self._start_s = start_s
        self._loop = loop
        self._shaper = shaper
        self._say = say
        self._until_ns = 0
        self._decoder = Decoder(address, start_s)
        self._begin_round()
        self._timeline = Timeline(round(1e9 / self._decoder.fps))

    def read(self, now_ns: int) -> Frame | EndOfStream:
        """The next picture, captured `now_ns`; the end after the last one, unless it loops."""
        while (frame := next(self._pictures, None)) is None:
            self._check_round()
            if not self._loop:
                return EndOfStream()
            self._decoder.close()
            self._decoder = Decoder(self._address, self._start_s)
            self._begin_round()
            self._timeline.restart()
        moment = self._timeline.place(*times_of(frame))
        self._until_ns = moment.pts_ns + moment.duration_ns
        picture = self._shaper.picture(frame, self._decoder.aspect)
        return Frame(moment.pts_ns, 0, moment.duration_ns, now_ns, picture, discontinuity=moment.jumped)

    def close(self) -> None:
        self._decoder.close()

    def _begin_round(self) -> None:
        self._round_begins_ns = self._until_ns
        self._pictures: Iterator[VideoFrame] = self._decoder.frames()

    def _check_round(self) -> None:
        """At the end of the file: refuse what had no picture, and tell what was missing."""
        decoder, name = self._decoder, self._address.name
        if decoder.decoded == 0:
            raise InputError(f"{name} has a video stream, but no picture in it could be decoded")
        if self._until_ns == self._round_begins_ns:
            raise InputError(f"{name} has no picture from second {self._start_s:g} on")
        if decoder.damaged:
            self._say(f"{name}: {decoder.damaged} damaged packets were left out")
        played_s = self._start_s + (self._until_ns - self._round_begins_ns) / 1e9
        announced_s = decoder.announced_s
        if decoder.ended_early or (announced_s is not None and played_s < announced_s - _MISSING_S):
            reason = f" ({decoder.ended_early})" if decoder.ended_early else ""
            of = f" of {announced_s:.1f} s" if announced_s is not None else ""
            self._say(f"{name} breaks off after {played_s:.1f} s{of}{reason}")
