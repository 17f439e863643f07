"""vision.canny."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livegraph import Frame, Image, Param
from livegraph_vision.luma_filter import LumaFilter

if TYPE_CHECKING:
    from livegraph_vision.luma import Luma


class Canny(LumaFilter):
    """Thin white edges on black, by Canny's detector (J. Canny, A Computational Approach to Edge Detection, 1986).

    An edge starts where the gradient passes `high` and goes on while it passes `low`. Both are in levels of
    full-range grey, whatever the range of the picture. Where `low` is above `high` they change places.
    """

    low: float = Param(
        100.0, ge=0, le=2000, live=True, doc="gradient at which an edge goes on (3x3 Sobel, grey 0..255)"
    )
    high: float = Param(
        200.0, ge=0, le=2000, live=True, doc="gradient at which an edge starts (3x3 Sobel, grey 0..255)"
    )
    l2gradient: bool = Param(False, live=True, doc="gradient as sqrt(dx^2 + dy^2) rather than |dx| + |dy|")

    def setup(self) -> None:
        super().setup()
        from livegraph_vision.edges import canny

        self._canny = canny

    def draw(self, source: Luma, full_range: bool, frame: Frame) -> Image:
        return self._canny(source, self.low, self.high, self.l2gradient, full_range)
