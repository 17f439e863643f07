"""What a live stream is made of: H.264 and a silent AAC track, encoded into a container's streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livegraph import Yuv420p
from livegraph_media.encoder import Encoding, state_colours
from livegraph_media.ffmpeg import OutputContainer, Packet, VideoFrame, VideoStream
from livegraph_media.silence import Silence
from livegraph_media.stamps import Stamps

PICTURE, SOUND = 0, 1
"""The tracks, as the container counts them."""


class Tracks:
    """Encodes frames. Times are nanoseconds from the first frame on."""

    def __init__(self, output: OutputContainer, encoding: Encoding, like: Yuv420p, keyframe_every_ns: int) -> None:
        """Gives a container its streams, and has it write its header. `like` has the matrix and range of all frames."""
        video = output.add_stream(encoding.codec)
        assert isinstance(video, VideoStream)
        encoding.apply(video)
        state_colours(video.codec_context, like)
        self._silence = Silence(output)
        output.start_encoding()
        self._silence.prepare()
        self._video = video
        self._stamps = Stamps(keyframe_every_ns)

    def encode(self, frame: VideoFrame, pts_ns: int, keyframe: bool = False) -> Sequence[Packet[Any]]:
        """The packets of a frame, and those of the sound up to it; a keyframe is an IDR: decoding may begin there."""
        self._stamps.stamp(frame, pts_ns, keyframe)
        return [*self._video.encode(frame), *self._silence.beyond(pts_ns)]
