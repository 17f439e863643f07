"""The seam between the streaming engine and what computes.

The engine (`engine`, `denoise`, `past`, and the plain numbers below them) knows no tensor library. It is written
against the two protocols here, once for torch (`stream`) and once for MLX (`mlx.stream`): a `Backend` is a model on a
device, a `Runner` its transformer at one picture size, with what that remembers. Prompts and VAE states it only hands
on; arrays it adds, multiplies by numbers, and indexes along their first axis, the rows of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from livegraph_wan.profile import Profile
from livegraph_wan.rhythm import Rhythm
from livegraph_wan.stages import Line
from livegraph_wan.window import Window

ALL = slice(None)

Pictures = NDArray[np.uint8]
"""Frames `[T, H, W, 3]`."""
Embedding = NDArray[np.float32]
"""What a text encoder says of a prompt, `[1, L, text_dim]`, on the host."""


class Array(Protocol):
    """A tensor of some library, on its device and in its layout; the first axis is the batch."""

    def __add__(self, other: Any, /) -> Self: ...

    def __sub__(self, other: Any, /) -> Self: ...

    def __rmul__(self, other: Any, /) -> Self: ...

    def __getitem__(self, rows: Any, /) -> Self: ...


class Reading(Protocol):
    """Numbers that may still be on their way from the device."""

    def tolist(self) -> Any:
        """Wait for them."""


class Drawing(Protocol):
    """Pictures that may still be on their way from the device."""

    def pictures(self) -> Pictures:
        """Wait for them."""


A = TypeVar("A", bound=Array)
"""The backend's array."""
P = TypeVar("P")
"""A prompt as the backend's transformer reads it."""
P_contra = TypeVar("P_contra", contravariant=True)


class Pass(NamedTuple, Generic[A]):
    """What goes into the transformer, and what keys and values therefore come from."""

    x: A
    """Noisy latents, fp32."""
    beside: A | None
    """What the model sees beside them."""
    timesteps: tuple[float, ...]
    """One per row, 0..1000."""


class Runner(Protocol[A, P_contra]):
    """The transformer at one picture size and its cache, which has one row per `Window`."""

    windows: list[Window]

    def begin_block(self, rows: slice = ALL) -> None:
        """Make room for the next block of these rows; every pass until the next call is theirs, and overwrites it."""

    def velocity(self, given: Pass[A], prompt: P_contra) -> A:
        """`noise - clean`, fp32, for the rows of the present block; their keys and values are kept."""

    def likeness(self, row: int, slot: int, others: list[int]) -> Reading:
        """How alike the frame in `slot` is to each of `others`: the cosine between mean keys and between mean values,
        averaged, over all layers (StreamDiffusionV2 decides layer by layer). Does not wait for the device.
        """

    def swap(self, row: int, one: int, other: int) -> None:
        """Exchange what two slots hold."""


class Backend(Protocol[A, P]):
    """One model on one device. Latents are fp32 here, whatever the model computes in."""

    rhythm: Rhythm
    """Of its VAE."""

    def computing(self) -> AbstractContextManager[Any]:
        """What the engine's calls run in."""

    def settles_after(self, blocks: int) -> int:
        """After how many blocks of a stream, whose window holds so many, a pass takes no longer than ever after."""

    def settle(self) -> None:
        """The show begins: nothing that takes seconds once, such as compiling, may come from now on."""

    def line(self, *, overlap: bool) -> Line:
        """What runs the stages of a chunk; with `overlap` beside each other, where that can be."""

    def knows_text(self, text: str) -> bool:
        """Whether `read_text` answers at once."""

    def read_text(self, text: str) -> Embedding:
        """What the model's text encoder says."""

    def release_text(self) -> None:
        """Free what `read_text` runs, until it has to run again."""

    def read_image(self, picture: Pictures) -> Embedding:
        """What the model's image encoder says of a still `[H, W, 3]`, `[1, tokens, image_dim]`; for I2V models."""

    def read_prompt(self, embedding: Embedding, image: Embedding | None = None) -> P:
        """What was said of a text, `text_len` long, and of a still, as the transformer reads it."""

    def runner(self, size: tuple[int, int], rows: int) -> Runner[A, P]:
        """For pictures of `size` (height, width) and as many streams as there are rows."""

    def refit(self, profile: Profile, vae: Any = None) -> None:
        """Make runners with this profile's window from now on, and draw with this VAE, if one is given."""

    def free(self) -> None:
        """Give back to the device what nobody holds any more."""

    def encode(self, frames: Pictures, state: Any) -> tuple[A, Any]:
        """Latents of one row for frames; `state` joins two calls, None starts a stream."""

    def decode(self, latents: A, state: Any) -> tuple[Drawing, Any]:
        """Back to frames. Nothing here waits for the device but who then asks for the pictures."""

    def upload(self, noises: NDArray[np.float32]) -> Sequence[A]:
        """Arrays out of `[n, 1, 16, F, H/8, W/8]`, to be taken out by their number."""

    def beside(self, source: A | None) -> A | None:
        """What the transformer sees beside the noisy latents of a block with this source."""

    def beside_still(self, picture: Pictures, latents: int, state: Any) -> tuple[A, Any]:
        """What an I2V transformer sees beside the next block of so many latent frames, in a stream that begins with
        this still `[H, W, 3]`: mask and image, 20 channels; `state` joins two calls, None starts a stream.
        """

    def concat(self, rows: Sequence[A]) -> A:
        """One batch out of several."""
