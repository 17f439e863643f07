"""Whether MLX is the best that there is here."""

from importlib import metadata

from livegraph import BackendFound
from livegraph_wan.machine import is_apple


def probe() -> BackendFound:
    """What MLX computes on; RuntimeError where it cannot be used, or where torch is the better choice."""
    try:
        import mlx.core as mx
    except ImportError as error:
        raise RuntimeError(_missing(error)) from None
    version = metadata.version("mlx")
    if not mx.metal.is_available():
        raise RuntimeError(f"mlx {version} finds no Apple GPU; on a CPU torch is many times faster")
    info = mx.device_info()
    memory = info.get("max_recommended_working_set_size")
    return BackendFound(str(info["device_name"]), f"mlx {version}", None if memory is None else int(memory))


def _missing(error: ImportError) -> str:
    if not is_apple():
        return "mlx is for Macs with Apple silicon"
    if isinstance(error, ModuleNotFoundError):
        return "mlx is not installed, and this Mac could use it: pip install 'mlx>=0.32'"
    return f"mlx is installed, and cannot be imported ({error}): pip install --force-reinstall 'mlx>=0.32'"
