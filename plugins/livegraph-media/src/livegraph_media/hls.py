"""`media.hls`: a live stream as files, for any web server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from livegraph import Audio, Frame, In, Param, Sink, Video

if TYPE_CHECKING:
    from livegraph_media.segmenter import Segmenter


class Hls(Sink):
    """Writes H.264 and an AAC track as an HLS playlist with segments of MPEG-TS, into a folder that a web server
    gives out. It plays at any moment from the first full segment on, and says at the end that it has ended.
    """

    records = True
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"), join="merge")
    audio: In[Audio] = In(join="merge", optional=True, doc="of any rate; becomes 48 kHz stereo. Without it: silence")
    path: str = Param(
        "out/{name}/live.m3u8",
        remote=False,
        doc="the playlist, .m3u8; segments lie beside it; {name} is the node's name, {time} when it starts",
    )
    segment: float = Param(
        2.0, ge=1, le=30, unit="s", doc="how long a segment is; viewers see about three of them late"
    )
    window: int = Param(6, ge=0, doc="how many segments the playlist has, older ones are deleted; 0: it keeps all")
    bitrate: int = Param(2500, ge=50, le=100_000, unit="kbit/s", doc="of the picture")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = Param(
        "veryfast", doc="x264: how long it may look for a better picture"
    )

    _segmenter: Segmenter | None = None

    def setup(self) -> None:
        from livegraph_media.playlist import clear_playlist
        from livegraph_media.segmenter import Segmenter

        path = clear_playlist(self.path, self.ctx.node_id, self.window)
        self._segmenter = Segmenter(path, self.params, self.ctx.fps_hint, self.ctx.say, sound="audio" in self.ctx.wired)

    def process(self, video: Frame | None, audio: Frame | None = None) -> None:
        assert self._segmenter is not None
        if video is not None:
            self._segmenter.add(video)
        if audio is not None:
            self._segmenter.add_sound(audio)

    def teardown(self) -> None:
        if self._segmenter is not None:
            self._segmenter.finish()
