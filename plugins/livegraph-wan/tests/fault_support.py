"""Memory that runs out when a test says so."""

from __future__ import annotations

import torch
from held_support import Held

TOLD = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"
"""As torch says it on a CPU."""


class Scarce(Held):
    """Memory for new tensors that ends at `limit` bytes held, or at the `fails`th new tensor."""

    def __init__(self, limit: float = float("inf"), fails: int = 0) -> None:
        super().__init__()
        self.limit, self.fails = limit, fails
        self.made = self.refused = 0

    def _count(self, storage: torch.UntypedStorage) -> None:
        self.made += storage._cdata not in self._seen
        if self.made == self.fails or self.now + storage.nbytes() > self.limit:
            self.refused += 1
            raise RuntimeError(f"{TOLD} {storage.nbytes()} bytes. Error code 12 (Cannot allocate memory)")
        super()._count(storage)
