"""Limits for a stream that runs for hours on a GPU that shares its memory with the rest of the machine.

MLX gives nothing back of what was freed before it holds one and a half times of what the GPU should have
(ml-explore/mlx#3350), and a Metal command that finds no memory ends the whole process, uncatchably
(ml-explore/mlx#3224). So MLX is told to wait for running work before it goes beyond what the system recommends, to keep
a share of that for reuse and no more, and to keep resident what it uses: weights that were paged out would be missing
in the middle of a show.
"""

from collections.abc import Callable

import mlx.core as mx

REUSE = 4
"""A stream's shapes stay, so that what it frees it takes again: the buffers of a chunk, far less than a fourth."""


def limit_memory() -> None:
    """For the process, once; limits that are stricter already stay. Nothing happens where MLX computes on a CPU."""
    recommended = int(mx.device_info().get("max_recommended_working_set_size", 0))
    if not recommended:
        return
    _lower(mx.set_memory_limit, recommended)
    _lower(mx.set_cache_limit, recommended // REUSE)
    mx.set_wired_limit(recommended)


def _lower(set_limit: Callable[[int], int], limit: int) -> None:
    before = set_limit(limit)
    if before < limit:
        set_limit(before)
