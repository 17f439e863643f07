"""What it looks like when memory runs out."""

import numpy as np
import pytest
import torch

from livegraph_wan.exhaustion import ran_out


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you ..."
        ),
        RuntimeError("could not create a primitive"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 20.48 GiB, max allowed: 163.20 GiB)."),
        RuntimeError("[metal::malloc] Attempting to allocate 5 bytes which is greater than the maximum allowed buffer"),
        RuntimeError("[METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBuffer...)"),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
        MemoryError(),
    ],
)
def test_every_library_says_it_its_own_way(error: Exception) -> None:
    assert ran_out(error)


def test_what_really_comes() -> None:
    """Of a size that no machine has."""
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert ran_out(of_torch.value)
    with pytest.raises(MemoryError) as of_numpy:
        np.empty(1 << 60, np.uint8)
    assert ran_out(of_numpy.value)


def test_what_hides_it_is_seen_through() -> None:
    """As where a CUDA graph's recording ends because of it."""
    with pytest.raises(RuntimeError, match="capture") as ended:
        try:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        finally:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
    assert ran_out(ended.value)


@pytest.mark.parametrize("error", [ValueError("frames (3, 4)"), RuntimeError("CUDA error: invalid argument")])
def test_other_errors_are_others(error: Exception) -> None:
    assert not ran_out(error)
