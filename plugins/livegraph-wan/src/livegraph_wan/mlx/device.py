"""Whether MLX is the best that there is here."""

from importlib import metadata


def probe() -> str:
    """What makes MLX usable; RuntimeError where it is not, or where torch is the better choice."""
    try:
        import mlx.core as mx
    except ImportError as error:
        raise RuntimeError(f"MLX cannot be imported (it is for Macs with Apple silicon): {error}") from None
    version = metadata.version("mlx")
    if not mx.metal.is_available():
        raise RuntimeError(f"mlx {version} finds no Apple GPU; on a CPU torch is many times faster")
    return f"mlx {version}, {mx.device_info()['device_name']}"
