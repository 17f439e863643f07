"""`python -m livegraph_wan.follower`: a process that computes its share of another's model. Started by `crew`."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any, BinaryIO

import torch

from livegraph_wan.crew import MEET, READY, Orders, device_of, meet
from livegraph_wan.load import load
from livegraph_wan.parallel import FollowingStream, Ring


class Words:
    """What the leader says, in order. Once it says no more, of itself or because it is gone, this process ends, in
    whatever it waits for.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._said: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield self._said.get()

    def _listen(self) -> None:
        try:
            while True:
                self._said.put(pickle.load(self._pipe))
        finally:  # EOFError, or half a word: the leader is gone
            os._exit(0)


def main() -> None:
    """Load, say so, meet the others, follow."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    words = iter(Words(sys.stdin.buffer))
    orders: Orders = next(words)
    ring = Ring(orders.rank, orders.size)
    if orders.backend == "torch-cuda":
        torch.cuda.set_device(orders.rank)
    else:
        torch.set_num_threads(orders.threads)
    loaded = load(orders.wanted, device_of(orders.backend, orders.rank), partial(FollowingStream, ring=ring))
    answers.write(READY)
    assert next(words) == MEET
    meet(ring, orders.backend, orders.store)
    assert isinstance(loaded.stream, FollowingStream)
    loaded.stream.follow(words, loaded.set_loras)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # at once: the interpreter's own way out would wait for what listens
