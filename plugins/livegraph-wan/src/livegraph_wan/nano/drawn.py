"""Procedural scenes: textured moving shapes, clouds, heads, hands, lights, waves, towers.

Each takes a generator, a number of frames and a side in pixels, and gives `[T, 3, H, W]` float32,
about 0..1. What is drawn moves as far in 128 px as in the middle of 256.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def uniform(rng: Generator, low: float, high: float) -> float:
    """One number from low..high."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def pick(rng: Generator, count: int) -> int:
    """One index below `count`."""
    return int(torch.randint(count, (), generator=rng))


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


def lights(rng: Generator, frames: int, size: int) -> Tensor:
    """Bright blobs that swing fast on curves before a dark backdrop: up to 12 px a frame at 256."""
    zoom = size / 256
    y, x = _grid(size, zoom)
    picture = backdrop(rng, frames, size) * uniform(rng, 0.1, 0.7)
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    for colour in colours(rng, 1 + pick(rng, 4)):
        reach, turn = zoom * uniform(rng, 0.2, 0.8), uniform(rng, -0.16, 0.16)
        phase, ratio = uniform(rng, 0, 6.3), uniform(rng, 0.5, 2)
        px = zoom * uniform(rng, -0.5, 0.5) + reach * torch.cos(turn * t + phase)
        py = zoom * uniform(rng, -0.5, 0.5) + reach * torch.sin(ratio * turn * t + phase)
        radius = uniform(rng, 0.03, 0.16)
        distance = (torch.sqrt((x - px) ** 2 + (y - py) ** 2 + 1e-8) / radius - 1) * radius * 128
        cover = torch.sigmoid(-uniform(rng, 0.4, 2) * distance)[:, None]
        bright = (0.5 + colour.clamp(0, 1)).clamp(max=1).view(1, 3, 1, 1)
        picture = picture * (1 - cover) + bright * cover
    return picture


def pendulums(rng: Generator, frames: int, size: int) -> Tensor:
    """Bright bars that swing from the upper border; held back."""
    zoom = size / 256
    y, x = _grid(size, zoom)
    picture = backdrop(rng, frames, size) * uniform(rng, 0.2, 0.6)
    t = torch.arange(frames, dtype=torch.float32).view(-1, 1, 1)
    for colour in colours(rng, 3):
        angle = uniform(rng, 0.4, 1.1) * torch.sin(uniform(rng, 0.03, 0.09) * t + uniform(rng, 0, 6.3))
        hung = zoom * uniform(rng, -0.8, 0.8)
        along = (x - hung) * torch.sin(angle) + (y + zoom) * torch.cos(angle)
        across = (x - hung) * torch.cos(angle) - (y + zoom) * torch.sin(angle)
        bar = torch.maximum(across.abs() - 0.04, (along - 1.1 * zoom).abs() - 0.4 * zoom)
        cover = torch.sigmoid(-80 * bar)[:, None]
        bright = (0.45 + colour.clamp(0, 1)).clamp(max=1).view(1, 3, 1, 1)
        picture = picture * (1 - cover) + bright * cover
    return picture


Scene = Callable[[Generator, int, int], Tensor]
TRAINING_SCENES: tuple[Scene, ...] = (shapes, clouds, portrait, hand, lights)
HELD_BACK_SCENES: tuple[Scene, ...] = (ripples, skyline, pendulums)
