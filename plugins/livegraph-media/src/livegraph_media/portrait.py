"""A drawn person: head, hair, neck and shoulders, shaded in three dimensions so that the head can turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from livegraph import Image
from livegraph_media.texture import Colour, Grid, Sprite, mix, noise, smoothstep

_KEY_LIGHT = np.array([0.62, -0.42, 0.66], np.float32)
_FILL_LIGHT = np.array([-0.75, -0.25, 0.6], np.float32)
_KEY_COLOUR = np.array([1.0, 0.80, 0.58], np.float32)
_FILL_COLOUR = np.array([0.36, 0.42, 0.66], np.float32)
_RX, _RY, _CY = 0.40, 0.52, -0.26
"""Half axes and centre of the head, where the sprite spans -1..1 both ways."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Colours in 0..1, and the seed of the hair and the cloth."""

    skin: Colour
    hair: Colour
    iris: Colour
    shirt: Colour
    trim: Colour
    seed: int


class Portrait:
    """One person: a still bust and hair, and a head over a turn, with eyes open and closed."""

    STEPS = 13
    TURN = 0.62
    """The largest turn, radians to either side."""

    def __init__(self, looks: Looks, size: int) -> None:
        """`size`: width and height of the whole, pixels."""
        self.size = size
        x, y = _grid(size)
        soft = 3.0 / size
        strands = _strands(looks, x, y)
        self._bust = _still(looks, x, y, soft, strands)
        box = _head_box(x, y)
        self._left, self._top = box[1].start, box[0].start
        head = x[box], y[box], soft, strands[box]
        yaws = np.linspace(-self.TURN, self.TURN, self.STEPS)
        self._open = [Sprite(*_head(looks, *head, float(yaw), closed=False)) for yaw in yaws]
        self._closed = [Sprite(*_head(looks, *head, float(yaw), closed=True)) for yaw in yaws]

    def blend(self, canvas: Image, x: int, y: int, turn: float, closed: bool) -> None:
        """Draw with the upper left corner at (x, y); `turn` in -1..1, left to right."""
        self._bust.blend(canvas, x, y)
        step = round((turn + 1) / 2 * (self.STEPS - 1))
        head = (self._closed if closed else self._open)[step]
        head.blend(canvas, x + self._left, y + self._top)


def _grid(size: int) -> tuple[Grid, Grid]:
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(axis, axis)
    return x, y


def _head_box(x: Grid, y: Grid) -> tuple[slice, slice]:
    rows = np.flatnonzero(np.abs(y[:, 0] - _CY) < 1.04 * _RY)
    columns = np.flatnonzero(np.abs(x[0]) < 1.04 * _RX)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _still(looks: Looks, x: Grid, y: Grid, soft: float, strands: Grid) -> Sprite:
    colours, alpha = _bust(looks, x, y, soft)
    hair, hair_alpha = _hair(x, y, soft, strands)
    return Sprite(mix(colours, hair, hair_alpha), np.maximum(alpha, hair_alpha))


def _bust(looks: Looks, x: Grid, y: Grid, soft: float) -> tuple[Grid, Grid]:
    """Neck and shoulders: a cylinder on an ellipsoid of striped cloth."""
    size = x.shape[0]
    nx = np.clip(x / 0.86, -1, 1)
    top = 0.42 + 0.5 * nx**4 + 0.1 * nx**2
    shoulders = smoothstep(-soft, soft, y - top) * smoothstep(0.88 + soft, 0.88 - soft, np.abs(x))
    weave = noise(size, size, 0.9, looks.seed) - 0.5
    stripes = smoothstep(-0.2, 0.2, np.sin((y - 0.12 * nx**2) * 34 + 2.2 * nx))
    cloth = mix(looks.shirt, looks.trim, stripes * 0.8) * (1 + 0.5 * weave[..., None])
    lift = np.clip(1.2 - (y - top) * 1.6, 0.2, 1)
    cloth = _lit(cloth, nx * 0.9, -lift * 0.8, np.sqrt(1 - nx**2 * 0.8))
    neck_x = np.clip(x / 0.19, -1, 1)
    neck = smoothstep(0.19 + soft, 0.19 - soft, np.abs(x)) * smoothstep(0.56, 0.50, y + 0.25 * x**2)
    throat = _lit(np.broadcast_to(np.array(looks.skin, np.float32), (*x.shape, 3)), neck_x, 0.2 * neck_x, 1 - neck_x**2)
    throat = throat * (0.45 + 0.55 * smoothstep(0.16, 0.48, y))[..., None]
    neck = neck * (y > _CY)
    return mix(cloth, throat, neck), np.maximum(shoulders, neck)


def _hair(x: Grid, y: Grid, soft: float, strands: Grid) -> tuple[Grid, Grid]:
    """The mass of hair behind and above the face."""
    px, py = x / (_RX * 1.22), (y - _CY + 0.05) / (_RY * 1.16)
    long = np.where(py > 0, 0.62, 1.0)
    radius = np.hypot(px, py * long)
    ends = 0.33 + 0.03 * np.sin(9 * x) - 0.22 * x**2
    alpha = smoothstep(1 + 2 * soft, 1 - 2 * soft, radius) * smoothstep(0.02, -0.02, y - ends)
    z = np.sqrt(np.clip(1 - radius**2, 0.03, 1))
    return _lit(strands, px * 0.9, py * 0.9, z), np.asarray(alpha, np.float32)


def _strands(looks: Looks, x: Grid, y: Grid) -> Grid:
    """Hair as colours, before light falls on it."""
    size = x.shape[0]
    field = noise(size, size, 1.4, looks.seed + 1)
    along = np.sin(x * 60 + 9 * field + 5 * y)
    shade = 0.72 + 0.34 * field + 0.16 * along
    return np.asarray(np.array(looks.hair, np.float32) * shade[..., None], np.float32)


def _head(looks: Looks, x: Grid, y: Grid, soft: float, strands: Grid, yaw: float, closed: bool) -> tuple[Grid, Grid]:
    """The face: features lie on an ellipsoid at a longitude and a latitude (radians), which the turn rotates."""
    jaw = 1 - 0.20 * smoothstep(0.0, 0.55, y - _CY)
    nx, ny = x / (_RX * jaw), (y - _CY) / _RY
    radius = nx**2 + ny**2
    nz = np.sqrt(np.clip(1 - radius, 0, 1))
    dx, dz = nx * np.cos(yaw) - nz * np.sin(yaw), nx * np.sin(yaw) + nz * np.cos(yaw)
    east, south = np.arctan2(dx, dz), np.arcsin(np.clip(ny, -1, 1))
    bump = _bump(east, south)
    face = _lit(_features(looks, east, south, closed), nx * 0.95 - bump[0], ny * 0.9 - bump[1], nz)
    fringe = -0.52 + 0.10 * np.sin(east * 5 + looks.seed) + 0.16 * np.abs(east)
    hairy = np.maximum(smoothstep(0.03, -0.03, south - fringe), smoothstep(1.16, 1.24, np.abs(east)))
    crown = _lit(strands, nx * 0.9, ny * 0.9, nz)
    return mix(face, crown, hairy), smoothstep(1 + 5 * soft, 1 - 5 * soft, radius)


def _features(looks: Looks, east: Grid, south: Grid, closed: bool) -> Grid:
    """Skin, blush, brows, eyes and lips as colours, before light falls on them."""
    side = np.abs(east)
    skin = np.broadcast_to(np.array(looks.skin, np.float32), (*east.shape, 3))
    skin = mix(skin, (0.86, 0.36, 0.32), 0.38 * _spot(side, south, 0.55, 0.30, 0.26, 0.18, 1.0))
    skin = mix(skin, tuple(0.55 * c for c in looks.skin), 0.55 * _spot(side, south, 0.40, -0.04, 0.27, 0.17, 0.8))
    brow = _spot(side, south + 0.25 * (side - 0.4) ** 2, 0.40, -0.25, 0.24, 0.045, 0.5)
    skin = mix(skin, tuple(0.6 * c for c in looks.hair), 0.9 * brow)
    skin = mix(skin, (0.45, 0.10, 0.12), 0.8 * _spot(side, south, 0.07, 0.315, 0.055, 0.03, 0.6))
    lips = _spot(side, south - 0.10 * (0.25 - side), 0.0, 0.50, 0.27, 0.085, 0.35)
    skin = mix(skin, (0.74, 0.24, 0.27), 0.85 * lips)
    parting = _spot(side, south - 0.14 * (0.25 - side), 0.0, 0.495, 0.24, 0.014, 0.8)
    return _eyes(mix(skin, (0.32, 0.08, 0.10), 0.8 * parting), looks, side, east, south, closed)


def _eyes(face: Grid, looks: Looks, side: Grid, east: Grid, south: Grid, closed: bool) -> Grid:
    lash = _spot(side, south + 0.5 * (side - 0.40) ** 2, 0.40, 0.0 if closed else -0.095, 0.20, 0.028, 0.4)
    if not closed:
        white = _spot(side, south, 0.40, -0.02, 0.185, 0.092, 0.25)
        face = mix(face, (0.95, 0.94, 0.92), white)
        face = mix(face, looks.iris, white * _spot(side, south, 0.40, -0.02, 0.088, 0.088, 0.25))
        face = mix(face, (0.03, 0.02, 0.04), white * _spot(side, south, 0.40, -0.02, 0.045, 0.045, 0.3))
        shift = np.where(east > 0, 0.025, -0.025).astype(np.float32)
        face = mix(face, (1, 1, 1), white * _spot(side + shift, south, 0.40, -0.055, 0.022, 0.022, 0.4))
    return mix(face, (0.10, 0.06, 0.06), 0.9 * lash)


def _spot(east: Grid, south: Grid, at_east: float, at_south: float, rx: float, ry: float, soft: float) -> Grid:
    """An ellipse on the face; `soft` is the share of its radius over which it fades."""
    return smoothstep(1 + soft / 2, 1 - soft / 2, np.hypot((east - at_east) / rx, (south - at_south) / ry))


def _bump(east: Grid, south: Grid) -> tuple[Grid, Grid]:
    """How nose, chin and lips tilt the surface: the slope of a few Gaussian hills."""
    across, down = np.zeros_like(east), np.zeros_like(south)
    for south0, width, height, lift in ((0.10, 0.13, 0.24, 0.40), (0.24, 0.15, 0.10, 0.50), (0.80, 0.3, 0.18, 0.22)):
        hill = lift * np.exp(-((east / width) ** 2) - ((south - south0) / height) ** 2)
        across -= 2 * east / width * hill
        down -= 2 * (south - south0) / height * hill
    return across, down


def _lit(albedo: Grid, nx: Grid, ny: Grid, nz: Grid) -> Grid:
    """Lambert's law with a warm key light, a cool fill light, and a warm rim."""
    length = np.sqrt(nx**2 + ny**2 + nz**2) + 1e-6
    key = np.clip((nx * _KEY_LIGHT[0] + ny * _KEY_LIGHT[1] + nz * _KEY_LIGHT[2]) / length, 0, 1)
    fill = np.clip((nx * _FILL_LIGHT[0] + ny * _FILL_LIGHT[1] + nz * _FILL_LIGHT[2]) / length, 0, 1)
    rim = np.clip(nx, 0, 1) * (1 - np.clip(nz, 0, 1)) ** 3
    light = 0.26 + key[..., None] * _KEY_COLOUR * 0.95 + fill[..., None] * _FILL_COLOUR * 0.55
    return np.asarray(albedo * light + 0.45 * rim[..., None] * _KEY_COLOUR, np.float32)
