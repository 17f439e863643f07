"""The three stages of a chunk on a GPU: each on a CUDA stream of its own, joined by events."""

from collections.abc import Callable
from typing import Generic

import torch
from torch import Tensor

from livegraph_wan.stages import STAGES, Promise, Stage, T


class Streams:
    """Work is put on the device at once, and runs there beside other stages' work. The host waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        new: Callable[..., torch.cuda.Stream] = torch.cuda.Stream
        self._streams = {stage: new(device) for stage in STAGES}

    def put(self, stage: Stage, work: Callable[[], T]) -> Promise[T]:
        stream = self._streams[stage]
        stream.wait_stream(torch.cuda.current_stream(self._device))  # weights, and whatever else the caller has put
        with torch.cuda.stream(stream):
            value = work()
            done = torch.cuda.Event()  # type: ignore[no-untyped-call]
            done.record(stream)
        return _OnStream(value, done, self._device)

    def join(self) -> None:
        """See `Line.join`. The device has run it as well: what it worked on may be given up."""
        for stream in self._streams.values():
            stream.synchronize()


class _OnStream(Generic[T]):
    def __init__(self, value: T, done: torch.cuda.Event, device: torch.device) -> None:
        self._value, self._done, self._device = value, done, device

    def get(self) -> T:
        """Whatever the present stream does next comes after it."""
        stream = torch.cuda.current_stream(self._device)
        stream.wait_event(self._done)
        if isinstance(self._value, Tensor):
            self._value.record_stream(stream)  # its memory is given to nobody before this stream has read it
        return self._value
