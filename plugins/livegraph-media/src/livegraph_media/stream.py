"""`media.rtmp`, `media.rtsp`, `media.srt`: pictures to a server, as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from livegraph import Audio, Frame, In, InputError, Param, Sink, Video

if TYPE_CHECKING:
    from livegraph_media.streamer import Streamer
    from livegraph_media.target import Target

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]


class Stream(Sink):
    """What the three have in common: H.264 without delay and an AAC track, sent by a process of its own. The track is
    silent where `audio` is not wired.
    """

    records = True
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"), join="merge")
    audio: In[Audio] = In(join="merge", optional=True, doc="of any rate; becomes 48 kHz stereo. Without it: silence")
    url: str = Param(secret=True, doc="the server's address, with key or password; these are never shown")
    bitrate: int = Param(2500, ge=50, le=100_000, unit="kbit/s", doc="of the picture")
    preset: Preset = Param("veryfast", doc="x264: how long it may look for a better picture")
    gop: float = Param(2.0, ge=0.1, le=2.0, unit="s", doc="how often a keyframe comes, at which viewers can join")

    _streamer: Streamer | None = None

    def setup(self) -> None:
        from livegraph_media.streamer import Rate, Streamer

        if self.ctx.mode == "offline":
            raise InputError("servers take a live stream, at its own pace: `mode: live`, or `live: true` at the source")
        rate = Rate(self.preset, self.bitrate, self.gop)
        ctx = self.ctx
        self._streamer = Streamer(
            self._target(), rate, ctx.fps_hint, ctx.say, ctx.clock.now_ns, sound="audio" in ctx.wired
        )

    def warm_up(self) -> None:
        assert self._streamer is not None
        self._streamer.warm_up()

    def process(self, video: Frame | None, audio: Frame | None = None) -> None:
        assert self._streamer is not None
        if video is not None:
            self._streamer.add(video)
        if audio is not None:
            self._streamer.add_sound(audio)

    def status(self) -> Mapping[str, Any]:
        return {} if self._streamer is None else self._streamer.status()

    def teardown(self) -> None:
        if self._streamer is not None:
            self._streamer.finish()

    def _target(self) -> Target:
        raise NotImplementedError


class Rtmp(Stream):
    """Sends H.264 and an AAC track to an RTMP server, such as a streaming platform's: rtmp://host/app/key, or
    rtmps://, whose certificate is checked.

    The graph never waits for the server. While it is away, pictures are dropped and counted, it is tried again after
    0.25 s and then up to every 2 s, and the stream goes on with a keyframe of that moment. One line is said when it is
    lost, one when it is back; the statistics show the state, the bytes and the rate.
    """

    def _target(self) -> Target:
        from livegraph_media.target import rtmp_target

        return rtmp_target(self.url)


class Rtsp(Stream):
    """Sends H.264 and an AAC track to an RTSP server that takes streams, over TCP: rtsp://user:password@host/path.

    A server that is away is treated as in `media.rtmp`.
    """

    def _target(self) -> Target:
        from livegraph_media.target import rtsp_target

        return rtsp_target(self.url)


class Srt(Stream):
    """Sends H.264 and an AAC track in MPEG-TS over SRT, where FFmpeg has that; PyAV's wheels do not:
    srt://host:port?streamid=name.

    A server that is away is treated as in `media.rtmp`.
    """

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        from livegraph_media.protocols import has_protocol

        if has_protocol("srt"):
            return None
        return (
            "the FFmpeg inside this PyAV has no SRT: install FFmpeg with libsrt and build PyAV against it "
            "(pip install --force-reinstall --no-binary av av), or send by media.rtmp"
        )

    def _target(self) -> Target:
        from livegraph_media.target import srt_target

        return srt_target(self.url)
