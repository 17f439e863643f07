"""The scene of `media.pattern`: people by a lake at dusk, drawn once in parts and put together per frame."""

from __future__ import annotations

import math

import numpy as np

from livegraph import Image, Size
from livegraph_media.portrait import Looks, Portrait
from livegraph_media.texture import Colour, Grid, Panorama, Sprite, mix, noise, smoothstep, to_image

_HORIZON = 0.62
_ZENITH, _DUSK, _GLOW = (0.10, 0.14, 0.36), (0.72, 0.38, 0.50), (1.0, 0.74, 0.46)
_NEAR = Looks((0.90, 0.66, 0.53), (0.26, 0.12, 0.08), (0.20, 0.42, 0.36), (0.13, 0.38, 0.46), (0.93, 0.80, 0.55), 5)
_FAR = Looks((0.62, 0.41, 0.30), (0.07, 0.06, 0.09), (0.28, 0.16, 0.08), (0.70, 0.22, 0.20), (0.30, 0.08, 0.16), 11)


class Scene:
    """Draws the scene at any moment: the same moment, size and seed give the same picture."""

    def __init__(self, size: Size, seed: int = 0) -> None:
        """`size`: width and height, at least 64 pixels each."""
        self.width, self.height = size
        self._seed = seed
        self._horizon = round(_HORIZON * self.height)
        self._sky = _sky(self.width, self._horizon, seed)
        self._sun = _sun(max(8, round(0.11 * self.height)))
        self._mountains = _ridge(self.width, round(0.30 * self.height), seed + 1, 1.35, (0.34, 0.30, 0.52), 0.55)
        self._hills = _ridge(self.width, round(0.13 * self.height), seed + 2, 1.45, (0.10, 0.16, 0.20), 0.12)
        self._ball = _Ball(max(8, round(0.10 * self.height)), seed + 3)
        self._water = _Water(self.width, self.height, self._horizon)
        self._near = Portrait(_NEAR, round(0.84 * self.height))
        self._far = Portrait(_FAR, round(0.56 * self.height))

    def draw(self, seconds: float) -> Image:
        """The picture at a moment, rgb24."""
        canvas = np.empty((self.height, self.width, 3), np.uint8)
        self._draw_sky(canvas, seconds)
        self._mountains.pan(canvas, self._drift(seconds, 0.03), self._horizon - self._mountains.height)
        self._draw_ball(canvas, seconds)
        self._hills.pan(canvas, self._drift(seconds, 0.10), self._horizon - self._hills.height)
        self._water.draw(canvas, seconds)
        self._draw_person(canvas, self._far, 0.80, seconds + 31, 5.3)
        self._draw_person(canvas, self._near, 0.32, seconds, 7.1)
        return canvas

    def _drift(self, seconds: float, speed: float) -> int:
        """Columns after a while at `speed` picture heights per second."""
        return round(speed * seconds * self.height)

    def _draw_sky(self, canvas: Image, seconds: float) -> None:
        start = self._drift(seconds, 0.012) % self.width
        canvas[: self._horizon, : self.width - start] = self._sky[:, start:]
        canvas[: self._horizon, self.width - start :] = self._sky[:, :start]
        self._sun.blend(
            canvas, round(0.62 * self.width - self._sun.width / 2), round(0.46 * self.height - self._sun.height / 2)
        )

    def _draw_ball(self, canvas: Image, seconds: float) -> None:
        x = self.width * (0.58 + 0.36 * math.sin(2 * math.pi * seconds / 11))
        y = self.height * (0.24 + 0.14 * math.sin(2 * math.pi * seconds / 4.7))
        self._ball.draw(canvas, round(x), round(y), seconds)

    def _draw_person(self, canvas: Image, person: Portrait, where: float, seconds: float, period: float) -> None:
        turn = math.sin(2 * math.pi * seconds / period)
        closed = seconds % 3.7 < 0.14
        x = where * self.width + 0.05 * self.width * math.sin(2 * math.pi * seconds / (1.9 * period))
        bob = 0.012 * self.height * math.sin(2 * math.pi * seconds / 2.3)
        top = self.height - 0.985 * person.size + bob
        person.blend(canvas, round(x - person.size / 2), round(top), turn, closed)


def _sky(width: int, height: int, seed: int) -> Image:
    """A gradient with lit clouds, which tiles sideways."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = mix(_ZENITH, _DUSK, smoothstep(0.0, 0.72, down))
    sky = np.broadcast_to(mix(sky, _GLOW, smoothstep(0.5, 1.0, down)), (height, width, 3))
    thickness = noise(2 * height, width, 1.45, seed)[::2][:height]
    cover = smoothstep(0.50, 0.74, thickness) * (1 - 0.35 * down)
    soft = noise(2 * height, width, 2.2, seed)[::2][:height]
    under = smoothstep(-0.05, 0.06, soft - np.roll(soft, max(1, height // 24), axis=0))
    cloud = mix((0.46, 0.34, 0.50), (1.0, 0.76, 0.62), under * (0.35 + 0.65 * down))
    return to_image(mix(sky, cloud, 0.85 * cover))


def _sun(radius: int) -> Sprite:
    size = 6 * radius
    axis = (np.arange(size, dtype=np.float32) + 0.5 - size / 2) / radius
    distance = np.hypot(*np.meshgrid(axis, axis))
    disc = smoothstep(1 + 1.5 / radius, 1 - 1.5 / radius, distance)
    halo = 0.55 * smoothstep(3, 0.6, distance) ** 2
    colours = mix((1.0, 0.70, 0.42), (1.0, 0.94, 0.78), disc)
    return Sprite(colours, np.maximum(disc, halo))


def _ridge(width: int, height: int, seed: int, slope: float, colour: Colour, haze: float) -> Panorama:
    """A mountain range against the sky: a fractal crest, rock lit from the right, haze towards its foot."""
    crest = noise(4, width, slope, seed)[0]
    crest = (crest - crest.min()) / (np.ptp(crest) + 1e-6)
    top = (0.06 + 0.72 * (1 - crest)) * height
    rows = np.arange(height, dtype=np.float32)[:, None]
    alpha = smoothstep(-0.8, 0.8, rows - top)
    rock = noise(height, width, 1.7, seed + 50)
    relief = rock - np.roll(rock, -max(1, height // 40), axis=1)
    lit = np.clip(0.8 + 5 * relief + 1.2 * (rock - 0.5), 0.25, 1.6)
    colours = np.asarray(colour, np.float32) * lit[..., None]
    snow = smoothstep(0.34, 0.16, (rows - top) / height + 0.5 * (rock - 0.5)) * smoothstep(0.45, 0.2, top / height)
    colours = mix(colours, (0.96, 0.82, 0.84), snow * haze * 1.4)
    return Panorama(mix(colours, (0.93, 0.60, 0.50), haze * (rows / height) ** 1.5 + 0 * rock), alpha)


class _Ball:
    """A banded planet that turns: a texture looked up through the projection of a sphere."""

    def __init__(self, radius: int, seed: int) -> None:
        axis = (np.arange(2 * radius, dtype=np.float32) + 0.5 - radius) / radius
        x, y = np.meshgrid(axis, axis)
        distance = np.hypot(x, y)
        z = np.sqrt(np.clip(1 - distance**2, 0, 1))
        self._columns = 8 * radius
        self._texture = np.tile(_planet(4 * radius, self._columns, seed), (1, 2, 1)).reshape(-1, 3)
        row = np.clip((np.arcsin(np.clip(y, -1, 1)) / math.pi + 0.5) * 4 * radius, 0, 4 * radius - 1).astype(np.intp)
        column = (np.arctan2(x, z) / (2 * math.pi) + 0.5) * (self._columns - 1)
        self._index = row * 2 * self._columns + column.astype(np.intp)
        light = np.clip(0.18 + 0.95 * np.clip(0.62 * x - 0.30 * y + 0.72 * z, 0, 1), 0, 1)
        alpha = smoothstep(1, 1 - 3 / radius, distance)
        self._light = np.rint(light * alpha * 256).astype(np.uint16)[..., None].repeat(3, axis=2)
        self._behind = np.rint((1 - alpha) * 256).astype(np.uint16)[..., None].repeat(3, axis=2)
        self._radius = radius

    def draw(self, canvas: Image, x: int, y: int, seconds: float) -> None:
        """Draw with the centre at (x, y)."""
        left, top = max(x - self._radius, 0), max(y - self._radius, 0)
        under = canvas[top : y + self._radius, left : x + self._radius]
        if under.size == 0:
            return
        first_row, first_column = top - y + self._radius, left - x + self._radius
        part = np.s_[first_row : first_row + under.shape[0], first_column : first_column + under.shape[1]]
        turned = self._index[part] + round(self._columns * (seconds / 6 % 1))
        mixed = self._texture.take(turned, axis=0) * self._light[part]
        mixed += under * self._behind[part]
        mixed >>= 8
        under[...] = mixed


def _planet(height: int, width: int, seed: int) -> Image:
    swirl = noise(height, width, 1.5, seed)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    bands = 0.5 + 0.5 * np.sin(26 * (down + 0.16 * (swirl - 0.5)))
    colours = mix((0.24, 0.55, 0.60), (0.96, 0.84, 0.62), smoothstep(0.2, 0.8, bands))
    return to_image(mix(colours, (0.76, 0.28, 0.24), smoothstep(0.60, 0.72, swirl)))


class _Water:
    """The lake: the picture above the horizon, mirrored, rippled and darkened."""

    def __init__(self, width: int, height: int, horizon: int) -> None:
        self._horizon = horizon
        self._depth: Grid = np.linspace(0, 1, height - horizon, dtype=np.float32)
        keep = (0.80 - 0.38 * self._depth) * 256
        self._keep = np.broadcast_to(keep.astype(np.uint16)[:, None], (height - horizon, 3 * width)).copy()
        tint = np.array([0.05, 0.10, 0.16], np.float32) * self._depth[:, None] * 255 * 256
        self._tint = np.tile(tint.astype(np.uint16), (1, width))

    def draw(self, canvas: Image, seconds: float) -> None:
        depth = self._depth
        ripple = np.sin(34 * depth**0.6 - 2.4 * seconds) + 0.6 * np.sin(71 * depth**0.6 + 3.1 * seconds)
        source = np.arange(1, len(depth) + 1) * 1.25 + ripple * (0.6 + 0.05 * depth * self._horizon)
        rows = self._horizon - 1 - np.clip(source, 0, self._horizon - 1).astype(np.intp)
        flat = canvas.reshape(canvas.shape[0], -1)
        mirrored = np.multiply(flat[rows], self._keep, dtype=np.uint16)
        mirrored += self._tint
        mirrored >>= 8
        flat[self._horizon :] = mirrored
