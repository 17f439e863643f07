"""`livegraph bench`: figures of this machine beside their bars. Each bench comes from a plugin, as nodes do."""

from __future__ import annotations

from collections.abc import Sequence


def main(args: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    from livegraph.bench.command import run

    return run(args)
