"""Where a model runs: devices by probing, number types by what the device is fast at."""

import sys
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from livegraph import BackendFound
from livegraph_wan.machine import chip, has_nvidia, is_apple, multiplies_bf16, ram
from livegraph_wan.threads import ThreadPace, idle_cores

DeviceName = Literal["cpu", "cuda", "mps"]


def probe_cuda() -> BackendFound:
    """What CUDA computes on; RuntimeError where it cannot be used, which says what to do."""
    if not torch.cuda.is_available():
        raise RuntimeError(f"torch {torch.__version__} {_without_cuda()}")
    properties = torch.cuda.get_device_properties(0)
    with_ = f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
    return BackendFound(properties.name, f"torch {torch.__version__} with {with_}", properties.total_memory)


def _without_cuda() -> str:
    built = bool(torch.version.cuda or torch.version.hip)
    if not has_nvidia():
        return "finds no NVIDIA or AMD GPU" if built else "is built without CUDA"
    if built:
        return (
            f"cannot use the NVIDIA GPU that is here: its driver may be too old for CUDA {torch.version.cuda} "
            "(nvidia-smi shows which one it knows), or CUDA_VISIBLE_DEVICES hides it"
        )
    return f"is built without CUDA, and an NVIDIA GPU is here. Get the build for it: {_pip_for_cuda()}"


def _pip_for_cuda() -> str:
    """PyPI's own build is for CUDA on Linux, and for CPUs on Windows."""
    version = torch.__version__.partition("+")[0]
    if sys.platform == "win32":
        return (
            f"pip install --force-reinstall torch=={version} with the --index-url from https://pytorch.org/get-started"
        )
    return f"pip install --force-reinstall torch=={version}"


def probe_mps() -> BackendFound:
    """What MPS computes on; RuntimeError where it cannot be used."""
    if torch.backends.mps.is_available():
        return BackendFound(chip(), f"torch {torch.__version__} with MPS", torch.mps.recommended_max_memory())
    if torch.backends.mps.is_built():
        raise RuntimeError(f"torch {torch.__version__} cannot use Apple's GPU here: it needs macOS 14 or later")
    why = "is built without MPS: the build for Apple silicon has it" if is_apple() else "finds no Apple GPU"
    raise RuntimeError(f"torch {torch.__version__} {why}")


def probe_cpu() -> BackendFound:
    """Always usable; says which number type is fast."""
    dtype = str(fast_dtype("cpu")).removeprefix("torch.")
    return BackendFound(chip(), f"torch {torch.__version__}, {torch.get_num_threads()} threads, {dtype}", ram())


PROBES: dict[DeviceName, Callable[[], object]] = {"cuda": probe_cuda, "mps": probe_mps, "cpu": probe_cpu}
"""Devices, best first."""


def choose_device(asked: DeviceName | Literal["auto"]) -> torch.device:
    """The device asked for, or the best that there is."""
    if asked != "auto":
        PROBES[asked]()
        return torch.device(asked)
    for name, probe in PROBES.items():
        try:
            probe()
        except RuntimeError:
            continue
        return torch.device(name)
    raise AssertionError("probe_cpu never refuses")


def fast_dtype(device: str) -> torch.dtype:
    """bf16 where the device multiplies it in hardware, else fp32."""
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device == "cpu":
        return torch.bfloat16 if multiplies_bf16() else torch.float32
    return torch.float32


KERNELS = (
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
)
"""For attention on CUDA, the first that can: cuDNN's is the fastest on Hopper, flash attention takes no mask, and
fp32 is left to the others."""


@contextmanager
def fast_kernels(device: torch.device) -> Iterator[None]:
    """Have torch choose what is fastest for shapes that stay: kernels of attention by `KERNELS`, those of convolutions
    by trying them once.
    """
    if device.type != "cuda":
        yield
        return
    with sdpa_kernel(list(KERNELS), set_priority=True), torch.backends.cudnn.flags(enabled=True, benchmark=True):
        yield


THREADS = torch.get_num_threads()
"""As many as torch takes by itself (or `OMP_NUM_THREADS` says). Asked for before anybody sets a number: a new thread
begins with what any other has set last."""


def choose_threads(work: Callable[[], object], rounds: int = 3, most: int | None = None) -> int:
    """Set torch to one thread or to `most` (all), whichever runs `work` faster now, and return the number. It holds
    for the thread that calls (with OpenMP, as torch is published).
    """
    counts = sorted({1, most or THREADS})
    if len(counts) == 1:
        return counts[0]
    fastest = min(counts, key=lambda count: _time(work, count, rounds))
    torch.set_num_threads(fastest)
    return fastest


def share_threads() -> None:
    """On a thread beside which another computes as much: half of all."""
    torch.set_num_threads(max(1, THREADS // 2))


class Threads:
    """The number that a stream is computed by, on the thread that made this: measured, and followed from then on."""

    def __init__(self, work: Callable[[], object]) -> None:
        """`work` is a chunk."""
        self._pace = ThreadPace(choose_threads(work), THREADS, idle_cores(), time.monotonic)

    def took(self, seconds: float, kind: Hashable) -> None:
        """See `ThreadPace.took`."""
        before = self._pace.count
        self._pace.took(seconds, kind)
        if self._pace.count != before:
            torch.set_num_threads(self._pace.count)


def _time(work: Callable[[], object], threads: int, rounds: int) -> float:
    """Seconds of the best of `rounds` runs, after one that warms the caches."""
    torch.set_num_threads(threads)
    work()
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def give_back(device: torch.device) -> None:
    """Return the memory that torch keeps for later to whoever needs it now. Waits for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.synchronize()
        torch.mps.empty_cache()
