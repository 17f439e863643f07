"""The styles that wan-nano learns, as functions of a clip.

Each takes the frames of one clip in their order, `[N, 3, H, W]` float32 in 0..1, and gives the same
shape. All but those of `afterimages` look at one frame at a time. A style is a target for a
one-step regression on live video, so it has to be *stable*: a little camera noise may move its
output only a little (soft steps instead of thresholds), and nothing thinner than 2 px is drawn.
Screen-fixed patterns repeat every 8 or 16 px, which divides the transformer's 16 px token: the
model knows relative positions only and could not place any other period.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from livegraph_wan.nano.afterimages import afterglow, trails
from livegraph_wan.nano.filters import blur, kuwahara, luma, pixel_grid, ramp, saturate, slope, soft_steps

Style = Callable[[Tensor], Tensor]


def photograph(x: Tensor) -> Tensor:
    """No style: the picture itself."""
    return x


def halftone(x: Tensor) -> Tensor:
    """Printed dots on a diagonal lattice, blue-black ink on cream paper."""
    y, column = pixel_grid(x)
    screen = (torch.cos(math.pi / 4 * (y + column)) + torch.cos(math.pi / 4 * (y - column))) / 4 + 0.5
    tone = 0.1 + 0.84 * blur(luma(x), 1.5) ** 0.8
    ink = torch.sigmoid(7 * (screen - tone))
    return ramp(ink, [(0.98, 0.95, 0.86), (0.08, 0.08, 0.25)])


def mosaic(x: Tensor) -> Tensor:
    """Glazed square tiles of 8 px: one colour each, bevelled, with dark grout."""
    tiles = saturate(F.avg_pool2d(x, 8), 1.35)
    flat = F.interpolate(tiles, scale_factor=8.0, mode="nearest")
    y, column = pixel_grid(x)
    v, u = (y % 8 - 3.5) / 3.5, (column % 8 - 3.5) / 3.5
    bevel = 1.0 - 0.22 * (u + v) / 2
    grout = torch.sigmoid(12 * (torch.maximum(u.abs(), v.abs()) - 0.86))
    return (flat * bevel * (1 - grout) + 0.16 * grout).clamp(0, 1)


def thermal(x: Tensor) -> Tensor:
    """A heat camera's rainbow over smoothed brightness."""
    stops = [(0.05, 0.0, 0.3), (0.0, 0.2, 0.9), (0.0, 0.75, 0.65), (0.6, 0.9, 0.1)]
    return ramp(blur(luma(x), 1.5), [*stops, (1.0, 0.6, 0.0), (0.9, 0.05, 0.05), (1.0, 0.9, 0.85)])


def sepia(x: Tensor) -> Tensor:
    """An old brown print with a soft contrast curve."""
    tone = luma(x)
    curve = tone + 0.12 * torch.sin(2 * math.pi * (tone - 0.5)) * 0.8
    return ramp(curve, [(0.13, 0.07, 0.03), (0.55, 0.38, 0.2), (0.98, 0.9, 0.72)])


def night(x: Tensor) -> Tensor:
    """Moonlight: dark blue, with warm light left where the picture was brightest."""
    tone = luma(x)
    moon = ramp(tone**1.3, [(0.01, 0.03, 0.1), (0.08, 0.2, 0.45), (0.4, 0.62, 0.9)])
    glow = blur(torch.sigmoid(14 * (tone - 0.78)), 2.5)
    return (moon + glow * x.new_tensor([0.55, 0.36, 0.05]).view(1, 3, 1, 1)).clamp(0, 1)


def watercolour(x: Tensor) -> Tensor:
    """Thin washes on white paper, darker where the pigment gathers at their borders."""
    wash = kuwahara(blur(x, 1.0), 5)
    tone = luma(wash)
    wash = saturate(wash, 1.5)
    light = 1 - (1 - wash) * (0.42 + 0.33 * (1 - tone))
    dx, dy = slope(blur(tone, 1.5))
    border = 1 - torch.exp(-(7 * torch.sqrt(dx**2 + dy**2 + 1e-8)))
    return (light * (1 - 0.55 * border) + 0.03).clamp(0, 1)


def ink(x: Tensor) -> Tensor:
    """Brush and ink on white paper: lines from a difference of Gaussians, black washes."""
    tone = luma(x)
    near, far = blur(tone, 1.6), blur(tone, 3.6)
    line = torch.sigmoid(55 * (near - far + 0.012) + 2.0)
    wash = torch.sigmoid(11 * (blur(tone, 2.0) - 0.27))
    shade = 0.78 + 0.22 * torch.sigmoid(10 * (far - 0.5))
    return ramp(line * wash * shade, [(0.03, 0.03, 0.05), (0.97, 0.96, 0.93)])


def emboss(x: Tensor) -> Tensor:
    """Stone relief lit from the upper left."""
    dx, dy = slope(blur(luma(x), 1.5))
    relief = torch.tanh(5.5 * (dx + dy))
    return ramp(0.5 + 0.5 * relief, [(0.16, 0.15, 0.17), (0.56, 0.54, 0.52), (0.97, 0.95, 0.9)])


def pop(x: Tensor) -> Tensor:
    """Screen print in soft plateaus of teal, pink and yellow."""
    tone = soft_steps(blur(luma(x), 1.8).clamp(0, 1), 3, 0.55)
    return ramp(tone, [(0.02, 0.16, 0.32), (0.0, 0.62, 0.68), (1.0, 0.22, 0.52), (1.0, 0.93, 0.45)])


def neon(x: Tensor) -> Tensor:
    """Glowing tubes along the edges, in the colours found there, over near black."""
    smooth = blur(x, 1.8)
    dx, dy = slope(luma(smooth))
    edge = 1 - torch.exp(-((14 * torch.sqrt(dx**2 + dy**2 + 1e-8)) ** 1.5))
    glow = blur(edge, 3.0)
    mixed = blur(smooth, 2.5)
    hue = ramp(luma(mixed), [(0.2, 0.25, 1.0), (0.9, 0.1, 0.9), (1.0, 0.35, 0.3), (0.1, 1.0, 0.9)])
    return (0.05 * mixed + hue * (0.75 * edge + 0.55 * glow) + 0.3 * edge**2).clamp(0, 1)


def _strokes(x: Tensor, lean: float, width: int) -> tuple[Tensor, Tensor]:
    """Bricks of slanted brush strokes, 16 px long and `width` px thick.

    Returns the picture repainted with one colour per stroke (the one found at its middle), and
    the light on its ridge `[H, W]`, about -1..1. `lean` (0.5 or -0.5) is rows per column, so that
    the pattern repeats after 16 px either way.
    """
    y, column = pixel_grid(x)
    height, breadth = x.shape[2:]
    along = y + lean * column
    band = torch.floor(along / width)
    stagger = (band % 2) * 8
    middle = torch.floor((column + stagger) / 16) * 16 + 8 - stagger
    row = band * width + width / 2 - lean * middle
    index = row.round().clamp(0, height - 1) * breadth + middle.clamp(0, breadth - 1)
    flat = x.flatten(2)[:, :, index.long().flatten()].view_as(x)
    across = (along - band * width) / width - 0.5
    return flat, -torch.sin(2 * math.pi * across) - 0.35 * (column - middle) / 8


def oil(x: Tensor) -> Tensor:
    """Thick paint: slanted strokes that follow the picture, finer where there is detail."""
    base = saturate(kuwahara(x, 3, sharpness=10), 1.5)
    smooth = blur(base, 1.2)
    dx, dy = slope(blur(luma(base), 1.2))
    lean = torch.sigmoid(2500 * blur(dx * dy, 4.0))  # isophotes run along y = -x where dx dy > 0
    falling, falling_light = _strokes(smooth, 0.5, 4)
    rising, rising_light = _strokes(smooth, -0.5, 4)
    strokes = torch.lerp(rising, falling, lean)
    light = torch.lerp(rising_light.expand_as(lean), falling_light.expand_as(lean), lean)
    detail = 1 - torch.exp(-((45 * blur(torch.sqrt(dx**2 + dy**2 + 1e-8), 2.5)) ** 2))
    painted = torch.lerp(strokes, base, detail) * (1.02 + 0.13 * light)
    return (painted + 1.5 * (dx + dy)).clamp(0, 1)


def blueprint(x: Tensor) -> Tensor:
    """A technical drawing: pale lines on blue paper that is ruled every 16 px."""
    smooth = blur(luma(x), 1.8)
    dx, dy = slope(smooth)
    line = 1 - torch.exp(-((15 * torch.sqrt(dx**2 + dy**2 + 1e-8)) ** 1.5))
    y, column = pixel_grid(x)
    across, down = (torch.exp(-(((axis % 16 - 7.5) / 1.2) ** 2)) for axis in (column, y))
    paper = ramp(smooth, [(0.03, 0.13, 0.4), (0.1, 0.3, 0.66)]) + 0.09 * torch.maximum(across, down)
    return torch.lerp(paper, x.new_tensor([0.9, 0.95, 1.0]).view(1, 3, 1, 1), 0.9 * line).clamp(0, 1)


def gold(x: Tensor) -> Tensor:
    """Polished gold: a relief of the picture with the bands of light that metal throws back."""
    tone = blur(luma(x), 1.4)
    dx, dy = slope(tone)
    sheen = tone + 0.1 * torch.sin(4 * math.pi * tone) + 0.3 * torch.tanh(4 * (dx + dy))
    stops = [(0.06, 0.02, 0.0), (0.42, 0.2, 0.02), (0.86, 0.58, 0.1), (1.0, 0.84, 0.36), (1.0, 0.99, 0.86)]
    return ramp(sheen, stops)


STYLES: dict[str, Style] = {
    "oil": oil,
    "watercolour": watercolour,
    "ink": ink,
    "halftone": halftone,
    "mosaic": mosaic,
    "thermal": thermal,
    "sepia": sepia,
    "night": night,
    "emboss": emboss,
    "pop": pop,
    "neon": neon,
    "blueprint": blueprint,
    "gold": gold,
    "trails": trails,
    "afterglow": afterglow,
    "photograph": photograph,
}
"""Every style that wan-nano knows, by name."""
