"""`media.record`: a video file that survives a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from livegraph import Audio, Frame, In, Param, Sink, Video
from livegraph_media.destination import reserve

if TYPE_CHECKING:
    from livegraph_media.recorder import Recorder


class Record(Sink):
    """Writes H.264, and AAC where `audio` is wired, into an MP4 or Matroska file, playable up to its last half second
    even after SIGKILL.

    Frames keep their times (variable rate); the first is at 0, and the last stays until the stream's end. The first
    picture sets the size, of which an odd width or height is made even by its last column or row standing there twice;
    pictures of another size are letterboxed into it.
    """

    records = True
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"), join="merge")
    audio: In[Audio] = In(join="merge", optional=True, doc="of any rate; becomes 48 kHz stereo")
    path: str = Param(
        "out/{name}-{time}.mp4",
        remote=False,
        doc=".mp4, .m4v, .mov or .mkv; {time} is when the recording starts, {name} the node's name",
    )
    codec: Literal["auto", "libx264", "h264_videotoolbox", "h264_nvenc", "mpeg4"] = Param(
        "auto", doc="auto: the first that works of VideoToolbox, NVENC, x264 and MPEG-4"
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = Param(
        "veryfast", doc="x264: how long it may look for a smaller file"
    )
    crf: int = Param(23, ge=0, le=51, doc="quality: 0 best, 18 hardly visible, 23 usual, 51 worst")
    overwrite: bool = Param(False, remote=False, doc="whether a file of that name may be replaced")

    _recorder: Recorder | None = None

    def setup(self) -> None:
        from livegraph_media.recorder import Quality, Recorder

        path = reserve(self.path, self.ctx.node_id, self.overwrite)
        quality = Quality(self.codec, self.preset, self.crf, hardware=not self.ctx.cpu)
        sound = "audio" in self.ctx.wired
        self._recorder = Recorder(path, quality, self.ctx.fps_hint, self.ctx.say, sound)

    def warm_up(self) -> None:
        assert self._recorder is not None
        self._recorder.warm_up()

    def process(self, video: Frame | None, audio: Frame | None = None) -> None:
        assert self._recorder is not None
        if video is not None:
            self._recorder.add(video)
        if audio is not None:
            self._recorder.add_sound(audio)

    def teardown(self) -> None:
        if self._recorder is not None:
            self._recorder.finish(self.ctx.end_pts_ns)
