"""Fail unless every video named on the command line decodes, and has frames."""

import sys
from pathlib import Path

import av

for name in sys.argv[1:]:
    if not Path(name).is_file():
        sys.exit(f"{name}: no such recording")
    with av.open(name) as container:
        frames = sum(1 for _ in container.decode(video=0))
    if frames == 0:
        sys.exit(f"{name}: no frames")
    sys.stdout.write(f"    {name}: {frames} frames\n")
