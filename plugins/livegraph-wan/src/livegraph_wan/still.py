"""A still that a stream begins from, for a model that sees it beside every block (I2V)."""

from typing import Any, Generic

from livegraph_wan.backend import A, Backend, P, Pictures


class Still(Generic[A, P]):
    """Gives the blocks of one stream what they see of it, in order.

    As Wan 2.1 was trained: the latents of a video that is the still and then nothing, mid-grey, before them a mask of
    four channels that is 1 where a latent frame is the still's.
    """

    def __init__(self, backend: Backend[A, P], picture: Pictures) -> None:
        """`picture` is `[H, W, 3]` uint8."""
        self._backend, self._picture = backend, picture
        self._state: Any = None

    def beside(self, latents: int) -> A:
        """Of the next block, which has so many latent frames."""
        given, self._state = self._backend.beside_still(self._picture, latents, self._state)
        return given
