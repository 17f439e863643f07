"""webrtc.in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from livegraph import Audio, Frame, Gap, Out, Param, Size, Source, Video
from livegraph_webrtc.connecting import Connecting

if TYPE_CHECKING:
    from livegraph_server import Server
    from livegraph_webrtc.whip import Whip

WAIT_S = 0.1
SIZE_PATTERN = r"^(auto|source|[1-9]\d{1,3}x[1-9]\d{1,3})$"


class WebRtcIn(Connecting, Source):
    """Take the video that a browser, OBS or another program sends, and where `audio` is wired its sound, by WHIP at
    `/whip/<node>`.

    Pictures have the sender's own times, and the newest wins; of the sound nothing is left out. Until somebody sends,
    and when they stop, there is nothing, so that the last picture stays; or the `fallback`. A new sender is a
    discontinuity, and begins with a picture.
    """

    out: Out[Video] = Out(formats=("yuv420p",))
    audio: Out[Audio] = Out(doc="the sender's sound, 48 kHz stereo, in step with the pictures")
    takeover: bool = Param(True, doc="whether a second sender takes over; false: it is refused (409)")
    size: str = Param("auto", pattern=SIZE_PATTERN, doc="WxH; source: as sent; auto: what downstream prefers, if any")
    fit: Literal["crop", "letterbox"] = Param("crop", doc="how another shape is filled")
    fallback: Literal["none", "bars"] = Param("none", doc="what to give while nobody sends: nothing, or colour bars")
    idle_timeout: float = Param(10.0, ge=1, le=300, unit="s", doc="a sender that is silent for so long is let go")
    max_pixels: int = Param(3840 * 2160, ge=64 * 64, remote=False, doc="larger pictures are not decoded")

    _whip: Whip | None = None

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        from livegraph_webrtc.fit import parse_size

        return parse_size(params.size, None)

    def setup(self) -> None:
        from livegraph_webrtc.fit import Fitter, parse_size
        from livegraph_webrtc.reception import USUAL_SIZE, Reception
        from livegraph_webrtc.whip import Rules, Whip

        size = parse_size(self.size, self.ctx.size_hint)
        ice = self._ice()
        web: Server = self.ctx.service("web")
        sound = "audio" in self.ctx.wired
        rules = Rules(self.takeover, self.idle_timeout, self.max_pixels, sound)
        self._whip = Whip(web, ice, rules, self.ctx.say)
        fitter = Fitter(size, self.fit, self.ctx.say)
        bars = (size or USUAL_SIZE) if self.fallback == "bars" else None
        self._reception = Reception(self._whip.inbox, fitter, bars, sound)
        self._serve(web, "whip", self._whip)

    def read(self) -> Frame | Mapping[str, Frame | Gap] | None:
        return self._reception.read(WAIT_S)

    def status(self) -> Mapping[str, Any]:
        if self._whip is None:
            return {}
        return self._reception.status() | {"connections": self._whip.status()}
