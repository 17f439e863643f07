"""Linear layers in fp8 on torch, for NVIDIA GPUs that multiply it: Ada, Hopper and later.

Weights are packed once, a scale for each output, and tokens at every call, a scale for each; compiled, that is part of
the kernel before. As on MLX only the layers of the transformer's blocks are packed. The operator is torch's own, the
one that torchao calls as well.
"""

import torch
from torch import Tensor, nn

from livegraph import InputError
from livegraph_wan.model import WanTransformer

FP8 = torch.float8_e4m3fn
_LIMIT = torch.finfo(FP8).max
_TINY = 1e-12
"""The least scale: a row of nothing but zeros stays one."""
_SINCE = (8, 9)
"""Compute capability of Ada."""


class Fp8Linear(nn.Module):
    """A linear layer that multiplies in float8 (e4m3) and adds up in fp32."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight, scales = _packed(layer.weight.detach())
        # No buffers: to move a model into another dtype must not unpack them. The operator reads weights by columns.
        self._weight, self._scales = weight.t(), scales.t()
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        tokens, scales = _packed(x.flatten(0, -2))
        out = torch._scaled_mm(tokens, self._weight, scale_a=scales, scale_b=self._scales, out_dtype=torch.bfloat16)
        out = torch.unflatten(out.to(x.dtype), 0, x.shape[:-1])
        return out if self.bias is None else out + self.bias


def _packed(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows in float8, and the scale of each, `[n, 1]` fp32."""
    scales = (rows.abs().amax(1, keepdim=True).float() / _LIMIT).clamp(min=_TINY)
    return (rows.float() / scales).to(FP8), scales


def pack(transformer: WanTransformer) -> None:
    """Pack the blocks' linear layers in place, on the device that they are on."""
    device = next(transformer.parameters()).device
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < _SINCE:
        raise InputError(f"quantise: {torch.cuda.get_device_name(device)} does not multiply fp8; Ada and Hopper do")
    for block in transformer.blocks:
        layers = [(name, layer) for name, layer in block.named_modules() if isinstance(layer, nn.Linear)]
        for name, layer in layers:
            block.set_submodule(name, Fp8Linear(layer))
