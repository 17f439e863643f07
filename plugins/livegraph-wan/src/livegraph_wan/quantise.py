"""Which backend can hold a transformer's weights in fewer bits. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Literal

from livegraph import InputError

Quantise = Literal["none", "int8", "int4", "fp8"]
"""What the linear layers of the blocks are packed to; `none` leaves them in the dtype that is computed in."""

PACKS: Mapping[str, tuple[Quantise, ...]] = {"mlx": ("int8", "int4"), "torch-cuda": ("fp8",)}
"""What each of `choice.BACKENDS` can do beside `none`. (MLX has mxfp8 too: as large as its int8, and coarser.)"""


def check_quantise(asked: Quantise, backend: str) -> None:
    """`InputError` where a backend cannot do it; it says what works instead."""
    if asked == "none" or asked in PACKS.get(backend, ()):
        return
    here = ", ".join(("none", *PACKS.get(backend, ())))
    others = [f"{other}: {', '.join(names)}" for other, names in PACKS.items() if other != backend]
    elsewhere = f" (on {'; on '.join(others)})" if others else ""
    raise InputError(f"quantise: {asked} does not work on {backend}; here: {here}{elsewhere}")
