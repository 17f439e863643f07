"""ndi.out."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from livegraph import Frame, In, Param, Sink, Video
from livegraph_ndi.library import load, why_not

if TYPE_CHECKING:
    from livegraph_ndi.sending import Sending

_USUAL_FPS = 30.0


class NdiOut(Sink):
    """Show the stream to NDI receivers: OBS, vMix, Resolume, TouchDesigner and others.

    Another size of the picture makes a new sender of the same name; receivers connect to it by themselves.
    """

    presents = True

    video: In[Video] = In(formats=("yuv420p", "rgb24"))
    name: str = Param("livegraph", remote=False, pattern=r"\S", doc="what receivers see, as MACHINE (name)")

    _sending: Sending | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not()

    def setup(self) -> None:
        self._ndi = load()

    def process(self, video: Frame) -> None:
        from livegraph_ndi.sending import Sending, kind_of

        kind = kind_of(video.data)
        if self._sending is not None and self._sending.kind != kind:
            self.teardown()
        if self._sending is None:
            self._sending = Sending(self._ndi, self.name, kind, frame_rate(video.duration_ns, self.ctx.fps_hint))
        self._sending.send(video.data)

    def status(self) -> Mapping[str, Any]:
        sending = self._sending
        return {} if sending is None else {"name": sending.name, "receivers": sending.receivers}

    def teardown(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.close()


def frame_rate(duration_ns: int, hint: float | None) -> Fraction:
    """What receivers are told: by the picture's duration, else by the graph's lead source, else 30; 30000/1001 is such
    a rate. Pictures are sent when they come, whatever it says.
    """
    rate = 1_000_000_000 / Fraction(duration_ns) if duration_ns > 0 else Fraction(hint or _USUAL_FPS)
    return rate.limit_denominator(1001)
