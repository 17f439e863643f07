"""Pictures of what wan-nano does: a sheet of samples, a moving sheet of the styles with a memory, a loss curve."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Generator

from livegraph_wan.nano.afterimages import MEMORY_STYLES
from livegraph_wan.nano.held_back import SIZE, Clip, render, run, still_of
from livegraph_wan.nano.scenes import make_held_back_clip
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import TRAINING_PHRASES
from livegraph_wan.stream import Stream

_HEAD = 14
"""Height of the line of names, px."""


def sheet(stream: Stream, path: Path, cell: int = 128) -> None:
    """A PNG of two rows per held-back clip: the targets, and below each what the model makes."""
    clips = [np.concatenate([still_of(name)] * 3) for name in ("astronaut", "coffee")]
    rng = Generator().manual_seed(3)
    clips += [make_held_back_clip(rng, 24, SIZE, which).numpy() for which in (4, 3, 5)]
    picture, pen = _canvas(cell * (len(STYLES) + 1), 2 * cell * len(clips) + _HEAD)

    def put(column: int, row: int, frame: Clip) -> None:
        picture.paste(Image.fromarray(frame).resize((cell, cell)), (column * cell, row * cell + _HEAD))

    for row, clip in enumerate(clips):
        put(0, 2 * row, clip[-1])
        for column, name in enumerate(STYLES, start=1):
            pen.text((column * cell + 4, 1), name, fill="black")
            put(column, 2 * row, render(name, clip)[-1])
            put(column, 2 * row + 1, run(stream, TRAINING_PHRASES[name][0], clip)[-1])
    picture.quantize(256).save(path, optimize=True)


def moving_sheet(stream: Stream, path: Path, frames: int = 64) -> None:
    """An animated WebP: a held-back scene, and for every style with a memory its target and the model's own."""
    clip = make_held_back_clip(Generator().manual_seed(11), frames, SIZE, 5).numpy()
    columns, names = [clip], ["source"]
    for style in MEMORY_STYLES:
        columns += [render(style, clip), run(stream, TRAINING_PHRASES[style][0], clip)]
        names += [f"{style}: target", f"{style}: wan-nano"]
    pictures = []
    for frame in np.concatenate(columns, axis=2):
        picture, pen = _canvas(SIZE * len(columns), SIZE + _HEAD)
        picture.paste(Image.fromarray(frame), (0, _HEAD))
        for column, name in enumerate(names):
            pen.text((SIZE * column + 4, 1), name, fill="black")
        pictures.append(picture)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, loop=0, quality=70, method=6)


def curve(points: list[dict[str, float]], path: Path) -> None:
    """A PNG of the losses of a training run over its steps, both axes from `curve.json`, log loss."""
    width, height, edge = 900, 420, 40
    picture, pen = _canvas(width, height)
    last = points[-1]["step"]
    losses = [point[key] for point in points for key in ("loss", "held_back")]
    low, high = np.log10(min(losses)) - 0.1, np.log10(max(losses)) + 0.1

    def at(step: float, loss: float) -> tuple[float, float]:
        share = (np.log10(loss) - low) / (high - low)
        return edge + (width - 2 * edge) * step / last, height - edge - (height - 2 * edge) * share

    for value in (x * 10.0**power for power in (-3, -2, -1, 0) for x in (1, 2, 5)):
        if low < np.log10(value) < high:
            pen.line([at(0, value), at(last, value)], fill="lightgrey")
            pen.text((4, at(0, value)[1] - 6), f"{value:g}", fill="black")
    for key, colour, y in (("loss", "steelblue", 8), ("held_back", "crimson", 22)):
        pen.line([at(point["step"], point[key]) for point in points], fill=colour, width=2)
        pen.text((width - 260, y), {"loss": "training", "held_back": "held back, averaged weights"}[key], fill=colour)
    pen.text((width / 2 - 60, height - 24), f"steps, 0 to {last:.0f}", fill="black")
    picture.save(path)


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (width, height), "white")
    return picture, ImageDraw.Draw(picture)
