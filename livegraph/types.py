"""The whole protocol on one page: what travels, through which ports, and who calls whom.

A newcomer who has read this page and `node.py` can write a plugin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from livegraph.frame import EndOfStream, Frame, Gap


@dataclass(frozen=True, slots=True)
class PortType:
    """What a port carries. Two ports meet where the names are equal or one is `Any`."""

    name: str

    def accepts(self, other: PortType) -> bool:
        return self.name == other.name or "Any" in (self.name, other.name)


Image: TypeAlias = NDArray[np.uint8]
"""uint8, [H, W, 3] (`rgb24`) or [H, W] (`gray8`), full range 0..255."""

Video = Annotated[Any, PortType("Video")]
"""`Image` (rgb24, gray8) or `Yuv420p`; the plan picks one pixel format per wire."""
Mask = Annotated[Any, PortType("Mask")]
"""uint8 [H, W], 0 outside, 255 inside."""
Depth = Annotated[Any, PortType("Depth")]
"""float32 [H, W], metres, or relative with 0 near and 1 far: `meta["unit"]` says which."""
Pose = Annotated[Any, PortType("Pose")]
"""float32 [people, joints, 3]: x, y in 0..1 of the picture, confidence 0..1."""
Flow = Annotated[Any, PortType("Flow")]
"""float32 [H, W, 2]: pixels to the right and down since the frame before."""
Audio = Annotated[Any, PortType("Audio")]
"""float32 [samples, channels] in -1..1; `meta["rate"]` in Hz."""
Signal = Annotated[float, PortType("Signal")]
"""A number over time."""
Latent = Annotated[Any, PortType("Latent")]
"""A model's own tensor, on the model's device."""
Text = Annotated[str, PortType("Text")]

AnyPort = Annotated[Any, PortType("Any")]
"""Meets every port type."""

PixelFormat: TypeAlias = Literal["yuv420p", "rgb24", "gray8"]
JoinKind: TypeAlias = Literal["exact", "hold", "nearest", "merge"]
EdgeKind: TypeAlias = Literal["attached", "latest", "drop_oldest"]
OnError: TypeAlias = Literal["skip", "restart", "stop"]
Mode: TypeAlias = Literal["live", "offline"]
DropCause: TypeAlias = Literal["gate", "age", "edge", "overflow", "chunk_tail", "chunk_gap", "error", "stop"]
NodeState: TypeAlias = Literal["starting", "warming", "running", "down", "ended"]

Size: TypeAlias = tuple[int, int]
"""Width and height, pixels."""

Item: TypeAlias = "Frame | Gap | EndOfStream"
"""What travels on an edge, with strictly rising pts."""

Payload: TypeAlias = Any
Result: TypeAlias = "Frame | Gap | Payload | Sequence[Any] | Mapping[str, Any] | None"
"""What `Node.process` may return; see there."""


class Clock(Protocol):
    """Real time on a show, virtual time in a test."""

    def now_ns(self) -> int:
        """Nanoseconds, monotonic, from an arbitrary origin."""
        ...

    async def sleep_until(self, when_ns: int) -> None: ...


class Converter(Protocol):
    """Turns one pixel format into another; what it gets, it must not write into."""

    def __call__(self, picture: Any, /) -> Any: ...
