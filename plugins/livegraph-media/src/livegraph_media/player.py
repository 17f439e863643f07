"""A file played from its beginning to its end, once or in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from livegraph import EndOfStream, Frame, Gap, InputError
from livegraph_media.address import Address
from livegraph_media.decode import Decoder, times_of
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.shape import Shaper
from livegraph_media.sound import Sound
from livegraph_media.timeline import Moment, Timeline

_MISSING_S = 1.0
"""How much may lack of the announced length before it is mentioned."""


class Player:
    """Gives the pictures of a file with rising times, and its sound where that is wanted. Where it loops, the file is
    opened anew for each round.
    """

    def __init__(
        self, address: Address, start_s: float, loop: bool, shaper: Shaper, say: Callable[[str], None], sound: bool
    ) -> None:
        self._address = address
        self._start_s = start_s
        self._loop = loop
        self._shaper = shaper
        self._say = say
        self._until_ns = 0
        self._due: tuple[VideoFrame, Moment] | None = None
        self._sound = Sound() if sound else None
        self._begin_round()
        self._timeline = Timeline(round(1e9 / self._decoder.fps))
        if sound and self._decoder.sound is None:
            say(f"{address.name} has no sound that can be played: nothing comes from `audio`")

    def read(self, now_ns: int) -> Frame | Mapping[str, Frame | Gap] | EndOfStream:
        """The next picture, or a block of sound where that begins before it, captured `now_ns`; the end after the last
        one, unless it loops. With a picture that no sound goes with comes a Gap in that.
        """
        while True:
            self._due = self._due or self._next_picture()
            if (block := self._sound_before_picture()) is not None:
                return {"audio": replace(block, captured_ns=now_ns)}
            if self._due is not None:
                return self._beside_sound(self._picture(*self._due, now_ns))
            self._check_round()
            if not self._loop:
                return EndOfStream()
            self._decoder.close()
            self._begin_round()
            self._timeline.restart()

    def close(self) -> None:
        self._decoder.close()

    def _begin_round(self) -> None:
        self._decoder = Decoder(self._address, self._start_s, self._sound is not None)
        self._round_begins_ns = self._until_ns
        self._pictures: Iterator[VideoFrame] = self._decoder.frames()
        if self._sound is not None:
            self._sound.begin(self._decoder, self._until_ns)

    def _next_picture(self) -> tuple[VideoFrame, Moment] | None:
        """None at the end of the file."""
        frame = next(self._pictures, None)
        return None if frame is None else (frame, self._timeline.place(*times_of(frame)))

    def _sound_before_picture(self) -> Frame | None:
        """The next block that begins before the picture that is due, or, after the last one, before that is over."""
        if self._sound is None:
            return None
        until_ns = self._due[1].pts_ns if self._due is not None else self._until_ns
        return self._sound.before(until_ns, self._timeline.offset_ns)

    def _picture(self, frame: VideoFrame, moment: Moment, now_ns: int) -> Frame:
        self._due = None
        self._until_ns = moment.pts_ns + moment.duration_ns
        picture = self._shaper.picture(frame, self._decoder.aspect)
        return Frame(moment.pts_ns, 0, moment.duration_ns, now_ns, picture, discontinuity=moment.jumped)

    def _beside_sound(self, picture: Frame) -> Frame | Mapping[str, Frame | Gap]:
        if self._sound is None or not self._sound.is_silent(picture.pts_ns):
            return picture
        return {"out": picture, "audio": Gap(picture.pts_ns)}

    def _check_round(self) -> None:
        """At the end of the file: refuse what had no picture, and tell what was missing."""
        decoder, name = self._decoder, self._address.name
        if decoder.decoded == 0:
            raise InputError(f"{name} has a video stream, but no picture in it could be decoded")
        if self._until_ns == self._round_begins_ns:
            raise InputError(f"{name} has no picture from second {self._start_s:g} on")
        if decoder.damaged:
            self._say(f"{name}: {decoder.damaged} damaged packets were left out")
        if self._sound is not None and self._sound.late_s:
            self._say(f"{name}: {self._sound.late_s:.2f} s of sound lie too far behind their pictures: left out")
        played_s = self._start_s + (self._until_ns - self._round_begins_ns) / 1e9
        announced_s = decoder.announced_s
        if decoder.ended_early or (announced_s is not None and played_s < announced_s - _MISSING_S):
            reason = f" ({decoder.ended_early})" if decoder.ended_early else ""
            of = f" of {announced_s:.1f} s" if announced_s is not None else ""
            self._say(f"{name} breaks off after {played_s:.1f} s{of}{reason}")
