"""Golden files through the MLX backend."""

from collections.abc import Callable

import mlx.core as mx
import numpy as np

from livegraph_wan.golden import Golden, Numbers
from livegraph_wan.grid import PATCH
from livegraph_wan.mlx.attention import Present, RollingCache
from livegraph_wan.mlx.convert import load, to_mlx
from livegraph_wan.mlx.model import WanTransformer, times_of
from livegraph_wan.mlx.rope import RopeTable
from livegraph_wan.window import Window

DTYPES = {"fp32": mx.float32, "bf16": mx.bfloat16}


def prepare(golden: Golden, dtype: str) -> Callable[[int], Numbers]:
    """The golden model in `dtype`: from the frames that are kept to what it makes of the golden inputs, on MLX's
    default device.
    """
    model = WanTransformer(golden.architecture)
    load(model, to_mlx((name, mx.array(weight)) for name, weight in golden.weights.items()))
    model.set_dtype(DTYPES[dtype])
    return lambda window: _run(model, golden, window)


def _run(model: WanTransformer, golden: Golden, window: int) -> Numbers:
    latents, frames = mx.array(golden.latents).moveaxis(1, -1), golden.latents.shape[2]
    cache = _cache(model, golden, window)
    prompt = model.read_prompt(mx.array(golden.context))
    outputs = []
    for part in (slice(at, at + golden.block) for at in range(0, frames, golden.block)):
        cache.begin_block()
        memory = Present(cache.slots, cache.aim, cache.first)
        times = times_of(golden.timesteps[:, part].astype(np.float64), model.config.freq_dim)
        outputs.append(model(latents[:, part], times, prompt, memory))
        cache.slots = memory.slots
    return np.array(mx.concatenate(outputs, 1).moveaxis(-1, 1).astype(mx.float32))


def _cache(model: WanTransformer, golden: Golden, window: int) -> RollingCache:
    config, (height, width) = model.config, (side // PATCH for side in golden.latents.shape[3:])
    return RollingCache(
        RopeTable(config.head_dim, height, width),
        [Window(window, block=golden.block, mode="relative")],
        layers=config.num_layers,
        tokens=height * width,
        heads=config.num_heads,
        head_dim=config.head_dim,
        dtype=model.dtype,
    )
