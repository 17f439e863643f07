"""Golden files through the torch backend."""

from collections.abc import Callable

import numpy as np
import torch

from livegraph_wan.attention import RollingCache
from livegraph_wan.compiled import compile_blocks
from livegraph_wan.golden import Golden, Numbers
from livegraph_wan.grid import PATCH
from livegraph_wan.model import WanTransformer
from livegraph_wan.rope import RopeTable
from livegraph_wan.window import Window

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def prepare(golden: Golden, dtype: str, compiler: str | None = None) -> Callable[[int], Numbers]:
    """The golden model in `dtype`: from the frames that are kept to what it makes of the golden inputs, on the CPU.
    With a `compiler`, compiled and against a static cache, as on a GPU.
    """
    model = WanTransformer(golden.architecture)
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in golden.weights.items()})
    model = model.to(DTYPES[dtype]).eval()
    if compiler is not None:
        compile_blocks(model, compiler)
    return lambda window: _run(model, golden, window, static=compiler is not None)


@torch.inference_mode()
def _run(model: WanTransformer, golden: Golden, window: int, *, static: bool) -> Numbers:
    latents, timesteps, context = map(torch.from_numpy, (golden.latents, golden.timesteps, golden.context))
    cache = _cache(model, golden, window, static=static)
    prompt = model.read_prompt(context)
    outputs = []
    parts = torch.split(latents, golden.block, 2), torch.split(timesteps, golden.block, 1)
    for part, times in zip(*parts, strict=True):
        cache.begin_block()
        outputs.append(model(part, times, prompt, cache).float().numpy())
    return np.concatenate(outputs, 2)


def _cache(model: WanTransformer, golden: Golden, window: int, *, static: bool) -> RollingCache:
    config, (height, width) = model.config, (side // PATCH for side in golden.latents.shape[3:])
    device = torch.device("cpu")
    return RollingCache(
        RopeTable(config.head_dim, height, width, device),
        [Window(window, block=golden.block, mode="relative")],
        layers=config.num_layers,
        tokens=height * width,
        heads=config.num_heads,
        head_dim=config.head_dim,
        device=device,
        dtype=model.dtype,
        static=static,
    )
