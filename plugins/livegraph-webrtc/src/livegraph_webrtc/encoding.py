"""What both outputs have in common: the encoder, and how it is steered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from livegraph import Frame, In, Param, Sink, Video
from livegraph_webrtc.connecting import Connecting

if TYPE_CHECKING:
    import asyncio

    from livegraph_webrtc.bitrate import Limits
    from livegraph_webrtc.broadcast import Broadcast


class Encoding(Connecting, Sink):
    """A sink with one encoder, whoever its packets go to."""

    presents = True
    video: In[Video] = In(formats=("yuv420p",))
    codec: Literal["h264", "vp8"] = Param("h264", doc="x264, or libvpx, which costs about three times as much")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = Param(
        "veryfast", doc="how long the encoder may look for a better picture at the same bitrate"
    )
    max_bitrate: int = Param(4000, ge=50, le=100_000, live=True, unit="kb/s", doc="never more than this")
    min_bitrate: int = Param(300, ge=50, le=100_000, live=True, unit="kb/s", doc="never less, whoever is slow")
    gop: float = Param(2.0, ge=0.5, le=60, live=True, unit="s", doc="at most so long between two keyframes")

    _broadcast: Broadcast | None = None

    def process(self, video: Frame) -> None:
        assert self._broadcast is not None
        self._broadcast.steer(self.gop, self._limits())
        self._broadcast.show(video.data, video.pts_ns)

    def teardown(self) -> None:
        super().teardown()
        if self._broadcast is not None:
            self._broadcast.close()

    def _open_encoder(self, loop: asyncio.AbstractEventLoop) -> Broadcast:
        """`InputError` where the encoder does not work here. `loop`: where its packets go."""
        from livegraph_webrtc.broadcast import Broadcast, Quality
        from livegraph_webrtc.encoder import prove

        prove(self.codec, self.preset)
        self._broadcast = Broadcast(Quality(self.codec, self.preset, self.gop, self._limits()), loop)
        return self._broadcast

    def _limits(self) -> Limits:
        from livegraph_webrtc.bitrate import Limits

        return Limits(1000 * min(self.min_bitrate, self.max_bitrate), 1000 * self.max_bitrate)
