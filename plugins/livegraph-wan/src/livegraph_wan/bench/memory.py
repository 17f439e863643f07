"""The most memory that a process occupies that runs a case: `python -m livegraph_wan.bench.memory 'OPTIONS'`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from livegraph import InputError
from livegraph_wan.bench.case import Case, case_of, open_stream
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving


def peak_of_process(case: Case) -> tuple[int, int]:
    """Bytes in a process of its own: at most, and before the model was loaded."""
    ended = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps(_said(case))], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise InputError(f"{case} could not run in a process of its own: {ended.stderr.strip()[-400:]}")
    peak, before = json.loads(ended.stdout.splitlines()[-1])
    return peak, before


def _said(case: Case) -> dict[str, Any]:
    """What leads to this case."""
    return {
        "profile": case.profile.name,
        "size": case.size,
        "steps": case.steps,
        "window": case.profile.window,
        "dtype": case.dtype,
        "backend": case.backend,
        "vae": case.vae,
        "overlap": case.overlap,
        "random_weights": case.random,
    }


def occupied() -> int:
    """Bytes of RAM that this process has occupied at most."""
    if sys.platform == "win32":
        raise InputError("the memory of a process is not measured on Windows")
    status = Path("/proc/self/status")
    if status.exists():  # on Linux getrusage counts what the parent occupied before this program began
        return 1024 * int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(said: str) -> None:
    """Run until the window is full, and write both figures."""
    import torch  # noqa: F401  (the library is no part of the model)

    options = json.loads(said)
    case = case_of(Asked(**options | {"size": tuple(options["size"])}))
    before = occupied()
    stream = open_stream(case)
    chunk = moving(case.size, stream.frames)
    for _ in range(case.profile.window // case.profile.frames_per_block + 1):
        stream.step(chunk, steps=1)
    sys.stdout.write(json.dumps([occupied(), before]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
