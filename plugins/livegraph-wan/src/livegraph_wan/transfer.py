"""Numbers between the host and a device, without either waiting for the other.

A copy is asynchronous only between the device and pinned memory, and what is on its way back is there only when an
event says so. Pinned memory comes from torch's caching allocator, which gives it to nobody before the copy is done.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def upload(numbers: NDArray[Any], device: torch.device) -> Tensor:
    """The same numbers on the device, where they are when the device comes to need them."""
    host = torch.from_numpy(numbers if numbers.flags.writeable else numbers.copy())
    if device.type == "cuda":
        return host.pin_memory().to(device, non_blocking=True)
    return host.to(device)  # MPS may read what was given back by then (pytorch/pytorch#189690)


class Arrival:
    """A tensor on its way to the host: a `Reading` of numbers, a `Drawing` of pictures `[T, H, W, 3]`."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor, self._there = tensor, None
        if tensor.device.type == "cuda":
            self._tensor = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            self._tensor.copy_(tensor, non_blocking=True)
            self._there = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._there.record()

    def _wait(self) -> Tensor:
        if self._there is not None:
            self._there.synchronize()
        return self._tensor.cpu()

    def tolist(self) -> Any:
        return self._wait().tolist()

    def pictures(self) -> NDArray[np.uint8]:
        drawn: NDArray[np.uint8] = self._wait().numpy()
        return drawn
