"""The styles with a memory: what was there a moment ago is still seen.

Both are recursions over the frames of a clip, `out[t] = f(in[t], out[t-1])`, which start with its
first frame. A model can follow them only through what it keeps of the frames before.
"""

import torch
from torch import Tensor

from livegraph_wan.nano.filters import blur, luma, ramp, saturate

MEMORY_STYLES = ("trails", "afterglow")

_TRAIL = (0.88, 0.92, 0.96)
"""What is left of red, green and blue after a frame: at 30 a second blue falls to a tenth in 1.5 s."""
_LIGHT = (0.7, 0.76, 0.95)
_GLOW = 0.94


def held(x: Tensor, keep: Tensor | float) -> Tensor:
    """`out[t] = max(x[t], keep * out[t-1])` over the first dimension."""
    out = [x[0]]
    for frame in x[1:]:
        out.append(torch.maximum(frame, keep * out[-1]))
    return torch.stack(out)


def trails(x: Tensor) -> Tensor:
    """A long exposure by blue light: bright things leave streaks, which turn bluer as they fade."""
    base = saturate(x, 1.25) ** 1.6 * x.new_tensor(_LIGHT).view(3, 1, 1)
    return held(base, x.new_tensor(_TRAIL).view(3, 1, 1))


def afterglow(x: Tensor) -> Tensor:
    """A phosphor screen: light fades from white over green and teal to dark blue."""
    glow = held(blur(luma(x), 1.2), _GLOW)
    return ramp(glow, [(0.0, 0.01, 0.05), (0.0, 0.13, 0.36), (0.0, 0.5, 0.42), (0.42, 0.9, 0.3), (0.96, 1.0, 0.82)])
