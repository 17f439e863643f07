"""What this CPU is fast at. Imports nothing heavy."""

from pathlib import Path


def multiplies_bf16() -> bool:
    """Whether it multiplies bf16 in hardware."""
    return bool(_flags() & {"avx512_bf16", "amx_bf16"})


def _flags() -> set[str]:
    """Instruction sets of this CPU as Linux names them; none elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return set()
    lines = path.read_text().splitlines()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
