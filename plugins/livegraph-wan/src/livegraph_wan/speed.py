"""The bench `wan-torch`: what each way to run wan-nano on torch brings on this machine.

The ways take turns, round after round, and the best round of each counts: what else the machine does in the meantime
hits all of them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from livegraph import Figure
from livegraph_wan.device import THREADS, Threads, choose_device, fast_dtype
from livegraph_wan.grid import FRAMES
from livegraph_wan.nano.model import load_nano
from livegraph_wan.profile import WAN_1_3B, WAN_NANO
from livegraph_wan.stream import Stream

ROUNDS, CHUNKS = 5, 20
BUSY_SECONDS = 20.0
Way = Callable[[], object]
"""Computes a chunk, or whatever is compared."""


def measure(quick: bool) -> Iterator[Figure]:
    """wan-nano at 256x256, one step, the engine alone: on one thread and on all of them, with overlapped stages, and
    (not with --quick) compiled. Then beside one busy core: numbers of threads that stay, and one that follows the load.
    Then linear layers of wan-nano and of the 1.3B model over 256 tokens on one thread: in fp32, bf16, and in int8 with
    a scale per token and per output.
    """
    yield from _ways(quick)
    if choose_device("auto").type == "cpu" and THREADS > 1:
        yield from _beside_a_busy_core(BUSY_SECONDS / 4 if quick else BUSY_SECONDS)
        yield from _linear_layers()


def _ways(quick: bool) -> Iterator[Figure]:
    device = choose_device("auto")
    counts = sorted({1, THREADS}) if device.type == "cpu" else [THREADS]
    ways = {f"{count} thread{'s' * (count > 1)}": _on(count, _painter()) for count in counts}
    ways[f"overlapped stages, {counts[0]} thread each"] = _on(counts[0], _painter(overlap=True))
    if not quick:
        ways[f"compiled, {counts[0]} thread"] = _on(counts[0], _painter(compiled=True))
    for way, seconds in _best(ways, CHUNKS).items():
        yield Figure(f"wan-nano on {device.type}, {way}", FRAMES / seconds, "frames/s", part="ways")


def _painter(*, overlap: bool = False, compiled: bool = False) -> Way:
    device = choose_device("auto")
    dtype = fast_dtype(device.type)
    stream = Stream(load_nano(), WAN_NANO, device=device, dtype=dtype, overlap=overlap, compiled=compiled)
    stream.set_prompt("an oil painting")
    width, height = WAN_NANO.size
    pictures = np.random.default_rng(0).integers(0, 256, (stream.frames, height, width, 3), dtype=np.uint8)
    return lambda: stream.step(pictures)


def _on(threads: int, way: Way) -> Way:
    def run() -> None:
        torch.set_num_threads(threads)
        way()

    return run


def _best(ways: dict[str, Way], repeats: int) -> dict[str, float]:
    """Seconds of each way, the mean of `repeats` in its best round; the first two rounds only warm up."""
    best = dict.fromkeys(ways, float("inf"))
    for number in range(ROUNDS + 2):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(repeats if number > 1 else 3):
                way()
            if number > 1:
                best[name] = min(best[name], (time.perf_counter() - began) / repeats)
    return best


def _beside_a_busy_core(seconds: float) -> Iterator[Figure]:
    chunk = _painter()
    for name, count in ((f"{THREADS} threads", THREADS), ("1 thread", 1), ("threads that follow", 0)):
        torch.set_num_threads(count or THREADS)
        follow = None if count else Threads(chunk)  # they are chosen on a machine that is as it is now
        with _busy_core():
            done, began = 0, time.perf_counter()
            while (now := time.perf_counter()) - began < seconds:
                chunk()
                done += 1
                if follow is not None:
                    follow.took(time.perf_counter() - now, None)
            rate = FRAMES * done / (time.perf_counter() - began)
        yield Figure(f"beside a busy core, {name}", rate, "frames/s", part="load")


@contextmanager
def _busy_core() -> Iterator[None]:
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def _linear_layers() -> Iterator[Figure]:
    torch.set_num_threads(1)
    for model in (WAN_NANO.architecture, WAN_1_3B):
        layer, x = nn.Linear(model.dim, model.ffn_dim), torch.randn(256, model.dim)
        small, less = nn.Linear(model.dim, model.ffn_dim).bfloat16(), x.bfloat16()
        ways: dict[str, Way] = {
            "fp32": partial(layer, x),
            "bf16": partial(small, less),
            "int8": partial(_Int8(small), less),
        }
        with torch.inference_mode():
            for way, seconds in _best(ways, 3).items():
                name = f"linear layer {model.dim} to {model.ffn_dim}, {way}"
                yield Figure(name, 1000 * seconds, "ms", part="layers")


class _Int8:
    """A linear layer in int8, as torch's own operator allows: what it costs beside the product decides."""

    def __init__(self, layer: nn.Linear) -> None:
        weight = layer.weight.detach().float()
        self._scales = weight.abs().amax(1) / 127
        self._weight = (weight / self._scales[:, None]).round().to(torch.int8).t()
        self._bias = layer.bias.detach().float()

    def __call__(self, x: Tensor) -> Tensor:
        scales = x.abs().amax(1, keepdim=True).float() / 127
        product = torch._int_mm((x / scales).round().to(torch.int8), self._weight)
        return torch.addcmul(self._bias, product.float() * scales, self._scales).to(x.dtype)
