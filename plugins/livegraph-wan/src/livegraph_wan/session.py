"""What a stream holds of its pictures' size, and of what is on its way."""

from collections import deque
from typing import Any, Generic

from livegraph_wan.backend import A, Drawing, P, Pictures
from livegraph_wan.denoise import Denoiser
from livegraph_wan.sampler import Schedule
from livegraph_wan.stages import Promise
from livegraph_wan.still import Still


class Session(Generic[A, P]):
    """What depends on the picture size."""

    def __init__(self, size: tuple[int, int], denoiser: Denoiser[A, P]) -> None:
        self.size = size
        self.denoiser = denoiser
        self.forget()

    def forget(self) -> None:
        """Begin again; the buffers are kept."""
        self.denoiser.forget()
        self.encoder: Any = None
        self.decoder: Any = None
        self.begun = False
        """Whether the encoder has been given something."""
        self.blocks = 0
        self.coming: deque[Promise[Drawing | None]] = deque()
        """What has been put on the line and not been taken from it, a chunk each."""
        self.last: tuple[Pictures, Schedule, int] | None = None
        """The last picture that came in, and how it was repainted: schedule and seed."""
        self.skip = 0
        """How many pictures are yet to come out that nobody shall see: they went before the first."""
        self.owed = 0
        """How many have come in that have not come out."""
        self.still: Still[A, P] | None = None
        """What the stream began from, where the model sees it beside every block."""
        self.seam: Pictures | None = None
        """The last picture of a whole clip, from which the next begins."""
