"""Training clips that are made, not fetched: procedural scenes and pans over photographs.

A clip is `[T, H, W, 3]` uint8. `HELD_BACK_PHOTOGRAPHS` and `HELD_BACK_SCENES` never appear in
training: the evaluation is made from them alone.
"""

import math
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from livegraph_wan.nano.drawn import HELD_BACK_SCENES, TRAINING_SCENES, lights, pick, uniform

TRAINING_PHOTOGRAPHS = {
    "motorcycle_left": 3,
    "chelsea": 2,
    "camera": 1,
    "coins": 1,
    "hubble_deep_field": 1,
    "brick": 1,
    "grass": 1,
    "gravel": 1,
    "retina": 1,
    "ihc": 1,
    "moon": 1,
    "cell": 1,
}
"""Pictures, and how often each is taken."""
HELD_BACK_PHOTOGRAPHS = ("astronaut", "coffee", "rocket")


@cache
def photograph(name: str) -> Tensor:
    """A photograph that scikit-image ships, `[1, 3, H, W]` float32 in 0..1."""
    from skimage import data, io

    folder = data.data_dir
    suffix = "jpg" if name in ("rocket", "retina", "hubble_deep_field") else "png"
    picture = np.asarray(io.imread(f"{folder}/{name}.{suffix}"))
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return torch.from_numpy(picture[..., :3].copy()).permute(2, 0, 1)[None].float() / 255


def pan(rng: Generator, frames: int, size: int, name: str) -> Tensor:
    """A slow camera move over a photograph."""
    picture = photograph(name)
    height, width = picture.shape[2:]
    shown = min(height, width, size * uniform(rng, 0.8, 2.4))
    angle, turn = uniform(rng, -0.5, 0.5), uniform(rng, -0.01, 0.01)
    room_x, room_y = 1 - shown / width, 1 - shown / height
    x0, y0 = uniform(rng, -room_x, room_x), uniform(rng, -room_y, room_y)
    speed = uniform(rng, 0, 3) * 2 / size * (shown / width)
    course = uniform(rng, 0, 2 * math.pi)
    thetas = []
    for t in range(frames):
        a = angle + turn * t
        cos, sin = math.cos(a), math.sin(a)
        cx, cy = x0 + speed * t * math.cos(course), y0 + speed * t * math.sin(course)
        sx, sy = shown / width, shown / height
        thetas.append([[cos * sx, -sin * sx, cx], [sin * sy, cos * sy, cy]])
    grid = F.affine_grid(torch.tensor(thetas), [frames, 3, size, size], align_corners=False)
    if shown > 1.4 * size:
        scale = size / shown
        picture = F.interpolate(picture, scale_factor=scale, mode="bilinear", antialias=True)
    mirrored = "reflection"
    return F.grid_sample(picture.expand(frames, -1, -1, -1), grid, "bilinear", mirrored, False)


_PHOTOGRAPHS = [name for name, share in TRAINING_PHOTOGRAPHS.items() for _ in range(share)]


def _grade(rng: Generator, clip: Tensor) -> Tensor:
    """Flip, exposure, gamma, colour balance, changing light, a little sensor noise."""
    if uniform(rng, 0, 1) < 0.5:
        clip = clip.flip(-1)
    gamma, gain = 2 ** uniform(rng, -0.7, 0.7), uniform(rng, 0.75, 1.25)
    tint = 1 + 0.3 * (torch.rand(1, 3, 1, 1, generator=rng) - 0.5)
    light = 1 + uniform(rng, -0.012, 0.012) * torch.arange(len(clip)).view(-1, 1, 1, 1)
    mixed = clip[:, torch.randperm(3, generator=rng)] if uniform(rng, 0, 1) < 0.3 else clip
    graded = mixed.clamp(1e-4, 1) ** gamma * gain * tint * light
    grain = torch.randn(clip.shape, generator=rng) * uniform(rng, 0, 0.012)
    return (graded + grain).clamp(0, 1)


def make_clip(rng: Generator, frames: int, size: int, *, lively: bool = False) -> Tensor:
    """One training clip `[T, H, W, 3]` uint8; one in four stands still.

    A `lively` one seldom does, and half of them are fast lights: what moves is all that a memory can learn from.
    """
    still = uniform(rng, 0, 1) < (0.08 if lively else 0.25)
    length = 1 if still else frames
    if lively and uniform(rng, 0, 1) < 0.5:
        clip = lights(rng, length, size)
    elif uniform(rng, 0, 1) < 0.5:
        clip = pan(rng, length, size, _PHOTOGRAPHS[pick(rng, len(_PHOTOGRAPHS))])
    else:
        clip = TRAINING_SCENES[pick(rng, len(TRAINING_SCENES))](rng, length, size)
    return to_bytes(_grade(rng, clip.expand(frames, -1, -1, -1)))


def make_held_back_clip(rng: Generator, frames: int, size: int, which: int) -> Tensor:
    """One clip for validation; even `which` are photographs, odd ones scenes."""
    if which % 2 == 0:
        name = HELD_BACK_PHOTOGRAPHS[which // 2 % len(HELD_BACK_PHOTOGRAPHS)]
        return to_bytes(pan(rng, frames, size, name))
    return to_bytes(HELD_BACK_SCENES[which // 2 % len(HELD_BACK_SCENES)](rng, frames, size))


def to_bytes(clip: Tensor) -> Tensor:
    """`[T, 3, H, W]` float in 0..1 to `[T, H, W, 3]` uint8."""
    return (clip.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def to_float(clip: Tensor) -> Tensor:
    """`[T, H, W, 3]` uint8 to `[T, 3, H, W]` float32 in 0..1."""
    return clip.permute(0, 3, 1, 2).float() / 255
