"""How many pixel frames the latents of a stream stand for.

The Wan family compresses 4x in time, but for the first latent of a stream:

| | first latent takes | first latent gives | pictures come back |
|---|---|---|---|
| wan-nano | 4 | 4 | with their chunk |
| Wan 2.1 | 1 | 1 | with their chunk |
| TAEHV | 4 | 1 | three frames later |
"""

from typing import NamedTuple

from livegraph_wan.grid import FRAMES


class Rhythm(NamedTuple):
    """How a stream begins. After its first latent, every latent takes and gives `FRAMES` frames."""

    first_taken: int
    """Pixel frames that the first latent is made of."""
    first_given: int
    """Pixel frames that the first latent becomes."""

    @property
    def delay(self) -> int:
        """How many frames later a picture comes back than it went in."""
        return self.first_taken - self.first_given

    @property
    def lead_in(self) -> int:
        """How often to put a stream's first frame before it, so that chunks of `FRAMES` come back whole.

        That makes one latent more, whose `first_given` pictures are to be dropped.
        """
        return 0 if self.first_given == FRAMES else self.first_taken

    def latents(self, frames: int, *, first: bool) -> int:
        """How many latents `frames` make, at the `first` call of a stream or a later one.

        ValueError where they do not make whole ones.
        """
        taken = self.first_taken if first else FRAMES
        if frames < taken or (frames - taken) % FRAMES:
            raise ValueError(f"{frames} frames: {'a stream begins with' if first else 'expected'} {taken} + {FRAMES}n")
        return 1 + (frames - taken) // FRAMES


RHYTHMS = {
    "nano": Rhythm(first_taken=FRAMES, first_given=FRAMES),
    "wan": Rhythm(first_taken=1, first_given=1),
    "taehv": Rhythm(first_taken=FRAMES, first_given=1),
}
"""By VAE."""
