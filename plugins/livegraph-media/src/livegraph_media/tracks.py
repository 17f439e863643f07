"""What a live stream is made of: H.264 and an AAC track, encoded into a container's streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from livegraph import Frame, Yuv420p
from livegraph_media.encoder import Encoding, state_colours
from livegraph_media.ffmpeg import OutputContainer, Packet, VideoFrame, VideoStream
from livegraph_media.silence import Silence
from livegraph_media.sound_track import SoundTrack
from livegraph_media.stamps import Stamps

PICTURE, SOUND = 0, 1
"""The tracks, as the container counts them."""


class Tracks:
    """Encodes frames. Times are nanoseconds from the first picture on."""

    def __init__(
        self, output: OutputContainer, encoding: Encoding, like: Yuv420p, keyframe_every_ns: int, sound: bool = False
    ) -> None:
        """Gives a container its streams, and has it write its header. `like` has the matrix and range of all pictures;
        without `sound` to come, there is silence.
        """
        video = output.add_stream(encoding.codec)
        assert isinstance(video, VideoStream)
        encoding.apply(video)
        state_colours(video.codec_context, like)
        self._sound = SoundTrack(output) if sound else Silence(output)
        output.start_encoding()
        if isinstance(self._sound, Silence):
            self._sound.prepare()
        self._video = video
        self._stamps = Stamps(keyframe_every_ns)

    def encode(self, frame: VideoFrame, pts_ns: int, keyframe: bool = False) -> Sequence[Packet[Any]]:
        """The packets of a frame, and those of silence up to it; a keyframe is an IDR: decoding may begin there."""
        self._stamps.stamp(frame, pts_ns, keyframe)
        return [*self._video.encode(frame), *self._sound.beyond(pts_ns)]

    def encode_sound(self, block: Frame, pts_ns: int) -> Iterable[Packet[Any]]:
        """The packets that a block of sound completes."""
        assert isinstance(self._sound, SoundTrack)
        return self._sound.encode(block, pts_ns)
