#!/usr/bin/env python3
"""`livegraph bench` from a checkout in which nothing was installed: python scripts/bench_checkout.py wan --suite h200

For a machine that has torch and little else, such as a rented GPU. Of the plugins livegraph-wan is found;
docs/benchmarks.md says which packages are needed.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATHS = [str(ROOT), str(ROOT / "plugins" / "livegraph-wan" / "src")]


def main() -> int:
    sys.path[:0] = PATHS
    os.environ["PYTHONPATH"] = os.pathsep.join([*PATHS, *filter(None, [os.environ.get("PYTHONPATH")])])  # of processes
    from livegraph.bench import main as bench
    from livegraph.registry import registry
    from livegraph_wan import plugin

    if "wan" not in registry().benches():
        registry().add(plugin, "livegraph-wan")
    return bench(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
