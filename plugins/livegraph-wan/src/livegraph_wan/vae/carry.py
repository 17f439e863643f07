"""How layers hand their past from one call to the next."""

import torch
import torch.nn.functional as F
from torch import Tensor

from livegraph_wan.vae.base import State


def channels_as_last_axis(x: Tensor) -> Tensor:
    """`[B, C, ...]` as `[B, ..., C]`: a view.

    Putting things together in this order leaves channels last in memory, which `torch.cat` on the
    usual order forgets where a batch or a clip is of one.
    """
    return x.movedim(1, -1)


def channels_as_second_axis(x: Tensor) -> Tensor:
    """The way back."""
    return x.movedim(-1, 1)


class Carry:
    """One call's way through the layers: takes their past from a state, and gathers the next one.

    Layers keep nothing themselves. They find their own by order, which is the same at every call.
    Features are `[B, C, T, H, W]`, and leave with channels last in memory.
    """

    def __init__(self, state: State | None) -> None:
        self._before = state
        self._kept: list[Tensor] = []

    @property
    def first(self) -> bool:
        """Whether a stream begins."""
        return self._before is None

    @property
    def state(self) -> State:
        """What to begin the next call with."""
        return tuple(self._kept)

    def join(self, x: Tensor, past: int) -> Tensor:
        """`x` behind the `past` frames before it, which are zeros at the start of a stream."""
        now = channels_as_last_axis(x)
        if self._before is None:
            joined = F.pad(now, (0, 0, 0, 0, 0, 0, past, 0))
        else:
            joined = torch.cat([channels_as_last_axis(self._before[len(self._kept)]), now], 1)
        joined = channels_as_second_axis(joined)
        self.keep(joined, past)
        return joined

    def keep(self, x: Tensor, past: int) -> None:
        """Leave the last `past` frames of `x` to the next call: copied, or they would hold all of it."""
        self._kept.append(x[:, :, -past:].clone(memory_format=torch.channels_last_3d))
