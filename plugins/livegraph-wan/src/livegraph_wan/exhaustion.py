"""What it looks like when memory runs out: every library says it in its own way, most of them by a RuntimeError."""

SIGNS = (
    "out of memory",  # torch on CUDA (OutOfMemoryError, and "CUDA error: out of memory") and on MPS
    "can't allocate memory",  # torch on a CPU
    "cannot allocate memory",  # the system, of a file that is to be mapped
    "could not create a primitive",  # oneDNN, which does not say why; of what ran before there is no other reason
    "could not create a memory",
    "bad_alloc",  # C++
    "_alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
    "unable to allocate",  # MLX, NumPy
    "attempting to allocate",  # MLX, of a buffer that is larger than Metal can make
    "[metal::malloc] resource limit",
    "insufficient memory",  # Metal, of a command buffer
)


def ran_out(error: BaseException) -> bool:
    """Whether an error, or what it came from, says that memory was not enough."""
    seen: BaseException | None = error
    while seen is not None:
        told = str(seen).lower()
        if isinstance(seen, MemoryError) or any(sign in told for sign in SIGNS):
            return True
        seen = seen.__cause__ or seen.__context__  # what ends a recording hides why it ended
    return type(error).__name__ == "OutOfMemoryError"
