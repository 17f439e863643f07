"""What this machine has, asked of the system and not of a tensor library."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
NVIDIA = ("/dev/nvidia0", "/usr/lib/wsl/lib/libcuda.so.1")
OTHER_GPUS = ("/dev/kfd", "/dev/dxg")
NVIDIA_ON_WINDOWS = "C:/Windows/System32/nvcuda.dll"


def is_apple() -> bool:
    """Whether this is a Mac with Apple silicon."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def has_nvidia() -> bool:
    """Whether an NVIDIA GPU and its driver are likely: a guess from the outside."""
    paths = (NVIDIA_ON_WINDOWS,) if sys.platform == "win32" else NVIDIA
    return any(Path(path).exists() for path in paths)


def has_gpu() -> bool:
    """Whether a GPU for models is likely: a guess from the outside, for planning; what runs is probed when it is set
    up.
    """
    return is_apple() or has_nvidia() or any(Path(path).exists() for path in OTHER_GPUS)


def chip() -> str:
    """The processor, by its maker's name; on a Mac its GPU is a part of it."""
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip() or platform.machine()
    if CPUINFO.exists():
        lines = (line.partition(":") for line in CPUINFO.read_text().splitlines())
        named = next((value.strip() for key, _, value in lines if key.strip() == "model name"), "")
        return named or platform.machine()
    return platform.processor() or platform.machine()


def ram() -> int | None:
    """All of it, in bytes, where the system tells."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def multiplies_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware."""
    return bool(_cpu_flags() & {"avx512_bf16", "amx_bf16"})


def _cpu_flags() -> set[str]:
    """Instruction sets of this CPU as Linux names them; none elsewhere."""
    if not CPUINFO.exists():
        return set()
    lines = CPUINFO.read_text().splitlines()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
