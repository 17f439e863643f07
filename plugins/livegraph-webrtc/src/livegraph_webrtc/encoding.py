"""What both outputs have in common: the encoders, and how they are steered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from livegraph import Audio, Frame, In, Param, Sink, Video
from livegraph_webrtc.connecting import Connecting

if TYPE_CHECKING:
    import asyncio

    from livegraph_webrtc.bitrate import Limits
    from livegraph_webrtc.sending import Stream


class Encoding(Connecting, Sink):
    """A sink with one encoder for pictures and one for sound, whoever their packets go to."""

    presents = True
    video: In[Video] = In(formats=("yuv420p",), join="merge")
    audio: In[Audio] = In(join="merge", optional=True, doc="of any rate; becomes 48 kHz stereo, in Opus")
    codec: Literal["h264", "vp8"] = Param("h264", doc="x264, or libvpx, which costs about three times as much")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = Param(
        "veryfast", doc="how long the encoder may look for a better picture at the same bitrate"
    )
    max_bitrate: int = Param(4000, ge=50, le=100_000, live=True, unit="kb/s", doc="never more than this")
    min_bitrate: int = Param(300, ge=50, le=100_000, live=True, unit="kb/s", doc="never less, whoever is slow")
    gop: float = Param(2.0, ge=0.5, le=60, live=True, unit="s", doc="at most so long between two keyframes")

    audio_bitrate: int = Param(96, ge=16, le=510, live=True, unit="kb/s", doc="of the sound, beside the picture's")

    _stream: Stream | None = None

    def process(self, video: Frame | None, audio: Frame | None = None) -> None:
        stream = self._stream
        assert stream is not None
        for frame in (video, audio):
            if frame is not None:
                stream.presentation.due(frame.pts_ns)
        if video is not None:
            stream.video.steer(self.gop, self._limits())
            stream.video.show(video.data, video.pts_ns)
        if audio is not None and stream.sound is not None:
            stream.sound.play(audio, 1000 * self.audio_bitrate)

    def teardown(self) -> None:
        super().teardown()
        if self._stream is not None:
            self._stream.video.close()

    def _open(self, loop: asyncio.AbstractEventLoop) -> Stream:
        """`InputError` where an encoder does not work here. `loop`: where the packets go."""
        from livegraph_webrtc import encoder, opus_encoder
        from livegraph_webrtc.broadcast import Broadcast, Quality
        from livegraph_webrtc.presentation import Presentation
        from livegraph_webrtc.sending import Stream
        from livegraph_webrtc.sound_broadcast import SoundBroadcast

        encoder.prove(self.codec, self.preset)
        sound = None
        if "audio" in self.ctx.wired:
            opus_encoder.prove()
            sound = SoundBroadcast(loop)
        video = Broadcast(Quality(self.codec, self.preset, self.gop, self._limits()), loop)
        self._stream = Stream(self.codec, video, sound, Presentation())
        return self._stream

    def _limits(self) -> Limits:
        from livegraph_webrtc.bitrate import Limits

        return Limits(1000 * min(self.min_bitrate, self.max_bitrate), 1000 * self.max_bitrate)
