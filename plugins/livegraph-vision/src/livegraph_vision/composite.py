"""vision.composite."""

from __future__ import annotations

from typing import Literal

from livegraph import Frame, In, Mask, Node, Out, Param, Video


class Composite(Node):
    """Lay picture b over picture a; b is stretched to the size of a.

    Where b is absent, a passes. With x and y the levels of a and b in 0..1, the layer is: `over` y, `add`
    min(1, x + y), `screen` 1 - (1 - x)(1 - y), `multiply` x y, `difference` |x - y|. Out comes
    a + (layer - a) opacity mask. `mask` is `over`, and where no mask is wired, b's own brightness is the mask: white
    lines lie on a, black is clear.
    """

    a: In[Video] = In(doc="the picture below; it gives the size")
    b: In[Video] = In(optional=True, doc="the picture above")
    mask: In[Mask] = In(optional=True, doc="where b shows: 0 nowhere, 255 fully; in every mode")
    out: Out[Video]
    mode: Literal["over", "mask", "add", "screen", "multiply", "difference"] = Param(
        "over", live=True, doc="how b meets a"
    )
    opacity: float = Param(1.0, ge=0, le=1, live=True, doc="how much of the layer shows")

    def setup(self) -> None:
        from livegraph_vision.layers import blend, brightness, layer

        self._layer, self._blend, self._brightness = layer, blend, brightness

    def process(self, a: Frame, b: Frame | None = None, mask: Frame | None = None) -> Frame:
        if b is None or self.opacity == 0:
            return a
        over = self._layer(a.data, b.data, self.mode)
        shape = mask.data if mask is not None else None
        if self.mode == "mask" and shape is None:
            shape = self._brightness(over)
        return a.with_data(self._blend(a.data, over, self.opacity, shape))
