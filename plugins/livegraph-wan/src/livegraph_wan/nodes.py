"""wan.v2v."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from livegraph import Cadence, DeviceMemoryError, Frame, In, InputError, Node, Out, Param, Size, Video

if TYPE_CHECKING:
    from livegraph_wan.stream import Stream


class WanV2V(Node):
    """Repaint video after a prompt, four frames at a time.

    wan-nano, the model that comes with the plugin, knows sixteen looks (oil, watercolour, ink, halftone, mosaic,
    thermal, sepia, night, stone relief, pop art, neon, blueprint, gold, light trails, phosphor afterglow, and none) and
    runs on a CPU.
    """

    cadence = Cadence(take=4, give=4)

    video: In[Video]
    out: Out[Video]
    prompt: str = Param("an oil painting, thick brush strokes", live=True, doc="what the picture shall look like")
    noise_scale: float = Param(0.8, ge=0, le=1, live=True, doc="strength: how far to leave the source behind")
    steps: int = Param(1, ge=1, le=4, live=True, doc="denoising steps per chunk; wan-nano is made for 1")
    seed: int = Param(0, ge=0, live=True, doc="of the noise, which is the same for every chunk")
    model: Literal["auto", "wan-nano"] = Param("auto", doc="which checkpoint; auto is wan-nano")
    backend: Literal["auto", "torch"] = Param("auto", doc="what computes; auto is torch")
    device: Literal["auto", "cpu", "cuda", "mps"] = Param("auto", doc="where; auto takes a GPU before the CPU")

    @classmethod
    def preferred_size(cls, params: Any) -> Size | None:
        return 256, 256

    def setup(self) -> None:
        from livegraph_wan.device import choose_device, fast_dtype
        from livegraph_wan.nano.model import load_nano
        from livegraph_wan.profile import WAN_NANO
        from livegraph_wan.stream import Stream

        try:
            device = choose_device("cpu" if self._wants_cpu() else self.device)
        except RuntimeError as error:
            raise InputError(f"device {self.device}: {error}") from None
        self._device = device
        self._stream: Stream = Stream(load_nano(), WAN_NANO, device=device, dtype=fast_dtype(device.type))
        self._follow_prompt()

    def warm_up(self) -> None:
        """Run at the preferred size, and find out how many threads are best here and now."""
        from livegraph_wan.device import choose_threads

        width, height = self.preferred_size(self.params) or (256, 256)
        blank = np.zeros((4, height, width, 3), np.uint8)
        self._stream.step(blank)
        if self._device.type == "cpu":
            choose_threads(lambda: self._stream.step(blank))
        self._stream.reset()

    def process(self, video: Sequence[Frame]) -> list[Frame]:
        import torch

        self._follow_prompt()
        pictures = np.stack([frame.data for frame in video])
        height, width = pictures.shape[1:3]
        try:
            painted = self._stream.step(
                padded(pictures), noise_scale=self.noise_scale, steps=self.steps, seed=self.seed
            )
        except torch.OutOfMemoryError as error:
            self._stream.reset()
            raise DeviceMemoryError(f"{width}x{height} does not fit on {self._device}: {error}") from error
        return [frame.with_data(picture[:height, :width]) for frame, picture in zip(video, painted, strict=True)]

    def reset(self) -> None:
        self._stream.reset()

    def _wants_cpu(self) -> bool:
        return self.device == "auto" and hasattr(self, "ctx") and self.ctx.cpu

    def _follow_prompt(self) -> None:
        """Take over a changed prompt; between two chunks, so no picture is half of each."""
        if getattr(self, "_prompt", None) != self.prompt:
            self._stream.set_prompt(self.prompt)
            self._prompt = self.prompt


def padded(pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Continue the right and lower borders of `[4, H, W, 3]` up to multiples of 16."""
    missing = [-side % 16 for side in pictures.shape[1:3]]
    if not any(missing):
        return pictures
    return np.pad(pictures, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
