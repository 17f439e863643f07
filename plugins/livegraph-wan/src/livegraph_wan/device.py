"""Where a model runs: devices by probing, number types by what the device is fast at."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

DeviceName = Literal["cpu", "cuda", "mps"]


def probe_cuda() -> str:
    """What makes CUDA usable; RuntimeError where it is not."""
    if not torch.cuda.is_available():
        built = "finds no NVIDIA or AMD GPU" if torch.version.cuda or torch.version.hip else "is built without CUDA"
        raise RuntimeError(f"torch {torch.__version__} {built}")
    return torch.cuda.get_device_name()


def probe_mps() -> str:
    """What makes Apple's GPU usable; RuntimeError where it is not."""
    if not torch.backends.mps.is_available():
        raise RuntimeError(f"torch {torch.__version__} finds no Apple GPU")
    return "Apple GPU"


def probe_cpu() -> str:
    """Always usable; says which number type is fast."""
    return f"{torch.get_num_threads()} threads, {str(fast_dtype('cpu')).removeprefix('torch.')}"


PROBES: dict[DeviceName, Callable[[], str]] = {"cuda": probe_cuda, "mps": probe_mps, "cpu": probe_cpu}
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
        return torch.bfloat16 if _cpu_flags() & {"avx512_bf16", "amx_bf16"} else torch.float32
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


def _cpu_flags() -> set[str]:
    """Instruction sets of this CPU as Linux names them; none elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return set()
    lines = path.read_text().splitlines()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())


def choose_threads(work: Callable[[], object], rounds: int = 3) -> int:
    """Set torch to one thread or to all, whichever runs `work` faster now, and return the number.

    Beside a busy core one thread is often the faster: two wait for each other at every kernel.
    """
    counts = sorted({1, torch.get_num_threads()})
    if len(counts) == 1:
        return counts[0]
    fastest = min(counts, key=lambda count: _time(work, count, rounds))
    torch.set_num_threads(fastest)
    return fastest


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
