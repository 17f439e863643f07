"""Pictures made smaller, and as large again."""

import numpy as np
import torch
import torch.nn.functional as F

from livegraph_wan.backend import Pictures


def resized(pictures: Pictures, size: tuple[int, int]) -> Pictures:
    """`[T, H, W, 3]` at `size` (width, height): linear, and over an area where it becomes smaller. The same array where
    it has that size already.
    """
    width, height = size
    if pictures.shape[1:3] == (height, width):
        return pictures
    if not len(pictures):
        return np.empty((0, height, width, 3), np.uint8)
    planes = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
    made = F.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return made.permute(0, 2, 3, 1).contiguous().numpy()
