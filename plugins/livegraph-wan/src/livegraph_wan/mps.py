"""What torch computes wrongly on Apple's GPU (MPS), silently, computed another way there.

Both errors depend on the version and on the layout in memory. Attention over queries, keys and values that are views,
as heads split off a projection are: pytorch/pytorch#163597 (2.8), #181133 (until 2.12). Convolutions over three axes:
with channels last in memory before 2.6 (pytorch/pytorch#141471), without in 2026 (#197114). livegraph's authors have no
Mac: that this is right elsewhere is tested, that it is needed is what those reports say.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def on_mps(x: Tensor) -> bool:
    return x.device.type == "mps"


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention over `[B, heads, L, head_dim]`; `mask`: True where to attend."""
    if on_mps(q):
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class Conv3d(nn.Conv3d):
    """torch's own, but on MPS."""

    def forward(self, x: Tensor) -> Tensor:
        return as_pictures(self, x) if on_mps(x) else super().forward(x)


def as_pictures(conv: nn.Conv3d, x: Tensor) -> Tensor:
    """The same convolution of `[B, C, T, H, W]` as one over pictures, with the channels of as many frames as it spans.

    It may be padded and strided as a VAE's are: over pictures padded, over time strided.
    """
    span, stride = conv.kernel_size[0], conv.stride[0]
    last = x.shape[2] - span + 1
    near = torch.cat([x[:, :, at : at + last : stride] for at in range(span)], 1)
    weight = conv.weight.transpose(1, 2).flatten(1, 2)
    padding = tuple(int(side) for side in conv.padding[1:])
    drawn = F.conv2d(near.transpose(1, 2).flatten(0, 1), weight, conv.bias, padding=padding)
    return torch.unflatten(drawn, 0, (len(x), -1)).transpose(1, 2)
