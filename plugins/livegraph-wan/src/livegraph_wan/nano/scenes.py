"""Training clips that are made, not fetched: procedural scenes and pans over photographs.

A clip is `[T, H, W, 3]` uint8. `HELD_BACK_PHOTOGRAPHS` and `HELD_BACK_SCENES` never appear in
training: the evaluation is made from them alone.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

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


def uniform(rng: Generator, low: float, high: float) -> float:
    """One number from low..high."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def pick(rng: Generator, count: int) -> int:
    """One index below `count`."""
    return int(torch.randint(count, (), generator=rng))


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


def noise_field(rng: Generator, frames: int, size: int, cells: int) -> Tensor:
    """Smooth value noise `[T, 1, H, W]` in 0..1 that drifts and changes slowly."""
    grid = torch.rand(1, 1, 3, cells, cells, generator=rng)
    field = F.interpolate(grid, (frames, size, size), mode="trilinear", align_corners=True)[0, 0]
    return field[:, None]


def colours(rng: Generator, count: int) -> Tensor:
    """Random colours `[count, 3]`, half of them near grey."""
    base = torch.rand(count, 3, generator=rng)
    grey = base.mean(1, keepdim=True)
    return grey + (base - grey) * torch.rand(count, 1, generator=rng) * 1.4


def _grid(size: int, zoom: float) -> tuple[Tensor, Tensor]:
    """Coordinates -zoom..zoom; 128 px at zoom 0.5 show as much as the middle of 256 px at 1."""
    axis = torch.linspace(-zoom, zoom, size)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return y, x


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


def backdrop(rng: Generator, frames: int, size: int) -> Tensor:
    """A gradient with some texture over it."""
    y, x = _grid(size, size / 256)
    course = uniform(rng, 0, 2 * math.pi)
    part = (0.5 + 0.5 * (x * math.cos(course) + y * math.sin(course)))[None, None]
    ends = colours(rng, 2).view(2, 3, 1, 1)
    base = ends[:1] * (1 - part) + ends[1:] * part
    texture = noise_field(rng, frames, size, 2 + pick(rng, max(3, size // 6))) - 0.5
    return base + texture * uniform(rng, 0, 0.5)


def _shape(kind: int, x: Tensor, y: Tensor, aspect: float) -> Tensor:
    """Signed distance, roughly, to a unit shape."""
    if kind == 0:
        return torch.sqrt(x**2 + (y * aspect) ** 2 + 1e-6) - 1
    if kind == 1:
        return torch.maximum(x.abs(), (y * aspect).abs()) - 1
    if kind == 2:
        return torch.maximum(x.abs() * 0.87 + y * 0.5, -y) - 0.5
    return (torch.sqrt(x**2 + y**2 + 1e-6) - 0.8).abs() - 0.2


def _move(rng: Generator, frames: int, zoom: float) -> tuple[Tensor, Tensor, Tensor]:
    """A path: x, y and an angle per frame `[T, 1, 1]`; up to 4 px a frame at 256."""
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    speed, course = uniform(rng, 0, 0.032), uniform(rng, 0, 2 * math.pi)
    x = uniform(rng, -zoom, zoom) + speed * math.cos(course) * t
    y = uniform(rng, -zoom, zoom) + speed * math.sin(course) * t
    return x, y, uniform(rng, 0, 6.3) + uniform(rng, -0.06, 0.06) * t


def shapes(rng: Generator, frames: int, size: int) -> Tensor:
    """Textured, shaded solids that move and turn over a backdrop."""
    zoom = size / 256
    y, x = _grid(size, zoom)
    picture = backdrop(rng, frames, size)
    for colour in colours(rng, 2 + pick(rng, 6)):
        px, py, angle = _move(rng, frames, zoom)
        radius = uniform(rng, 0.06, 0.45)
        u = ((x - px) * torch.cos(angle) + (y - py) * torch.sin(angle)) / radius
        v = ((y - py) * torch.cos(angle) - (x - px) * torch.sin(angle)) / radius
        distance = _shape(pick(rng, 4), u, v, uniform(rng, 0.5, 2)) * radius * 128
        cover = torch.sigmoid(-2 * distance)[:, None]
        stripes = torch.sin(u * uniform(rng, 0, 14) + uniform(rng, 0, 6)) * uniform(rng, 0, 0.3)
        shade = (1 - uniform(rng, 0, 0.5) * (u + v) / 2 + stripes)[:, None]
        picture = picture * (1 - cover) + colour.view(1, 3, 1, 1) * shade * cover
    return picture


def clouds(rng: Generator, frames: int, size: int) -> Tensor:
    """Octaves of noise through a palette of three colours."""
    cells = 2 + pick(rng, 4)
    weights = [1.0, 0.6, 0.35, 0.2]
    octaves = [w * noise_field(rng, frames, size, min(size, cells * 2**i)) for i, w in enumerate(weights)]
    part = ((torch.stack(octaves).sum(0) / sum(weights) - 0.5) * uniform(rng, 1.5, 4) + 0.5).clamp(0, 1)
    a, b, c = colours(rng, 3).view(3, 1, 3, 1, 1).unbind(0)
    low = (1 - 2 * part).clamp(min=0)
    high = (2 * part - 1).clamp(min=0)
    return a * low + b * (1 - low - high) + c * high


def portrait(rng: Generator, frames: int, size: int) -> Tensor:
    """Something with the tones and layout of a head and shoulders before a wall."""
    zoom = size / 256
    y, x = _grid(size, zoom)
    picture = backdrop(rng, frames, size)
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    radius = uniform(rng, 0.18, 0.5)
    px = uniform(rng, -0.5, 0.5) * zoom + uniform(rng, -0.02, 0.02) * t
    py = uniform(rng, -0.4, 0.3) * zoom + uniform(rng, -0.01, 0.01) * t
    u, v = (x - px) / radius, (y - py) / radius
    tone = uniform(rng, 0.25, 0.95)
    skin = torch.tensor([tone, tone * uniform(rng, 0.68, 0.82), tone * uniform(rng, 0.5, 0.7)])
    cloth, hair = colours(rng, 2)
    side = 1 - uniform(rng, -0.45, 0.45) * u

    def paint(distance: Tensor, colour: Tensor, light: Tensor, soft: float = 1.5) -> None:
        nonlocal picture
        cover = torch.sigmoid(-soft * distance * radius * 128)[:, None]
        picture = picture * (1 - cover) + colour.view(1, 3, 1, 1) * light[:, None] * cover

    paint(torch.sqrt((u / 1.9) ** 2 + ((v - 2.4) / 1.4) ** 2) - 1, cloth, side)
    paint(torch.maximum(u.abs() - 0.35, (v - 1).abs() - 0.5), skin * 0.8, side)
    paint(torch.sqrt((u * 0.95) ** 2 + ((v + 0.2) / 1.2) ** 2) - 1, hair * 0.5, side)
    paint(torch.sqrt((u * 1.2) ** 2 + ((v - 0.05) / 1.1) ** 2) - 0.92, skin, side)
    for eye in (-0.3, 0.3):
        paint(torch.sqrt(((u - eye) / 1.6) ** 2 + (v + 0.12) ** 2) - 0.1, torch.tensor([0.95] * 3), side)
        paint(torch.sqrt((u - eye) ** 2 + (v + 0.12) ** 2) - 0.08, torch.rand(3, generator=rng) * 0.4, side)
        paint(torch.maximum((u - eye).abs() - 0.18, (v + 0.3).abs() - 0.03), hair * 0.4, side)
    paint(torch.sqrt((u / 1.6) ** 2 + ((v - 0.2) * 1.4) ** 2) - 0.12, skin * 0.82, side, 0.5)
    mouth = torch.sqrt((u / 2.6) ** 2 + (v - 0.52 - 0.02 * torch.sin(t)) ** 2) - 0.09
    paint(mouth, skin * torch.tensor([0.85, 0.45, 0.45]), side)
    return picture


def hand(rng: Generator, frames: int, size: int) -> Tensor:
    """Five bending capsules on a palm."""
    zoom = size / 256
    y, x = _grid(size, zoom)
    picture = backdrop(rng, frames, size)
    px, py, angle = _move(rng, frames, 0.5 * zoom)
    radius = uniform(rng, 0.2, 0.45)
    u = ((x - px) * torch.cos(angle) + (y - py) * torch.sin(angle)) / radius
    v = ((y - py) * torch.cos(angle) - (x - px) * torch.sin(angle)) / radius
    distance = torch.sqrt(u**2 + (v * 0.9) ** 2) - 0.6
    for finger in range(5):
        lean = -0.8 + 0.4 * finger + uniform(rng, -0.1, 0.1)
        along = (u * math.sin(lean) - v * math.cos(lean)).clamp(0, uniform(rng, 1.1, 1.5))
        reach = torch.sqrt((u - along * math.sin(lean)) ** 2 + (v + along * math.cos(lean)) ** 2)
        distance = torch.minimum(distance, reach - 0.15)
    tone = uniform(rng, 0.3, 0.95)
    skin = torch.tensor([tone, tone * 0.76, tone * 0.6]).view(1, 3, 1, 1)
    cover = torch.sigmoid(-1.5 * distance * radius * 128)[:, None]
    shade = (0.75 + 0.5 * torch.sigmoid(-4 * distance) - 0.2 * u)[:, None]
    return picture * (1 - cover) + skin * shade * cover


def ripples(rng: Generator, frames: int, size: int) -> Tensor:
    """Interfering waves in two colours; held back."""
    y, x = _grid(size, size / 256)
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    wave = torch.zeros(frames, size, size)
    for _ in range(3):
        distance = torch.sqrt((x - uniform(rng, -1, 1)) ** 2 + (y - uniform(rng, -1, 1)) ** 2)
        wave = wave + torch.sin(distance * uniform(rng, 8, 22) - t * uniform(rng, 0.05, 0.25))
    part = (0.5 + wave / 6)[:, None]
    ends = colours(rng, 2).view(2, 1, 3, 1, 1)
    return ends[0] * (1 - part) + ends[1] * part


def skyline(rng: Generator, frames: int, size: int) -> Tensor:
    """Lit windows of passing towers under a sky; held back."""
    y, x = _grid(size, size / 256)
    picture = backdrop(rng, frames, size)
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    for colour in colours(rng, 6):
        at, wide = uniform(rng, -1.2, 1.2), uniform(rng, 0.1, 0.3)
        top = uniform(rng, -0.6, 0.5)
        u = (x - at - uniform(rng, -0.012, 0.012) * t) / wide
        cover = torch.sigmoid(200 * wide * (1 - u.abs())) * torch.sigmoid(150 * (y - top))
        lit = torch.sigmoid(8 * (torch.sin(u * 9) + torch.sin(y * 45) - 1))
        face = colour.view(1, 3, 1, 1) * 0.5 + lit[:, None] * torch.tensor([0.5, 0.4, 0.2]).view(3, 1, 1)
        picture = picture * (1 - cover[:, None]) + face * cover[:, None]
    return picture


Scene = Callable[[Generator, int, int], Tensor]
TRAINING_SCENES: tuple[Scene, ...] = (shapes, clouds, portrait, hand)
_PHOTOGRAPHS = [name for name, share in TRAINING_PHOTOGRAPHS.items() for _ in range(share)]
HELD_BACK_SCENES: tuple[Scene, ...] = (ripples, skyline)


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


def make_clip(rng: Generator, frames: int, size: int) -> Tensor:
    """One training clip `[T, H, W, 3]` uint8; one in four stands still."""
    still = uniform(rng, 0, 1) < 0.25
    length = 1 if still else frames
    if uniform(rng, 0, 1) < 0.5:
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
