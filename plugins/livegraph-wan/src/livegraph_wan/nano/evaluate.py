"""Measure wan-nano: `python -m livegraph_wan.nano.evaluate --json FILE --sheet PNG`.

Everything is streamed through the engine as on a stage, from photographs, scenes and wording that
training never saw. Figures are for 8-bit pictures at 256x256.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from livegraph_wan.device import choose_threads, fast_dtype
from livegraph_wan.nano.model import SHIPPED, load_nano
from livegraph_wan.nano.scenes import make_held_back_clip, photograph, to_bytes, to_float
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import HELD_BACK_PHRASES, TRAINING_PHRASES
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream

SIZE = 256
CHUNKS = 4
"""Chunks of four frames per clip; the last is measured, with the window full."""
Clip = NDArray[np.uint8]


class Tally(NamedTuple):
    """How the clips of one style came out."""

    right: int
    clips: int
    psnr: float


def evaluate(stream: Stream, clips: int, seed: int = 7) -> dict[str, object]:
    """All figures, per style and in all."""
    sources = list(_sources(clips, seed))
    targets = [targets_of(source) for source in sources]
    known = {s: _tally(stream, sources, targets, s, TRAINING_PHRASES[s], seed) for s in STYLES}
    unknown = {s: _tally(stream, sources, targets, s, HELD_BACK_PHRASES[s], seed) for s in STYLES}
    flicker = {s: flicker_of(stream, s) for s in STYLES}
    return {
        "size": SIZE,
        "clips_per_style": clips,
        "styles": {
            s: {
                "nearest_own": known[s].right / known[s].clips,
                "nearest_own_held_back_wording": unknown[s].right / unknown[s].clips,
                "psnr_db": round(known[s].psnr, 2),
                "flicker_levels": round(flicker[s], 3),
            }
            for s in STYLES
        },
        "fps": {f"{steps}_step": round(speed_of(stream, steps), 1) for steps in (1, 2)},
        "drift_levels": round(drift_of(stream, seconds=120), 3),
        "seam_ratio": round(seam_of(stream, sources), 3),
    }


def _sources(clips: int, seed: int) -> Iterator[Clip]:
    rng = Generator().manual_seed(seed)
    for which in range(clips):
        yield make_held_back_clip(rng, 4 * CHUNKS, SIZE, which).numpy()


def _render(name: str, frames: Clip) -> Clip:
    return to_bytes(STYLES[name](to_float(torch.from_numpy(frames)))).numpy()


def targets_of(source: Clip) -> dict[str, Clip]:
    """The last chunk of a clip in every style."""
    return {name: _render(name, source[-4:]) for name in STYLES}


def run(stream: Stream, prompt: str, source: Clip, **options: float) -> Clip:
    """Stream a clip from a cold start."""
    stream.reset()
    stream.set_prompt(prompt)
    chunks = [stream.step(source[i : i + 4], **options) for i in range(0, len(source), 4)]  # type: ignore[arg-type]
    return np.concatenate(chunks)


def error_between(a: Clip, b: Clip) -> float:
    """Mean squared error in levels."""
    return float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))


def _tally(
    stream: Stream, sources: list[Clip], targets: list[dict[str, Clip]], style: str, phrases: list[str], seed: int
) -> Tally:
    """Stream every clip under a phrase for `style`, and see which target the result is nearest to."""
    wording = random.Random(seed)
    right, decibels = 0, []
    for source, target in zip(sources, targets, strict=True):
        out = run(stream, wording.choice(phrases), source)[-4:]
        errors = {name: error_between(out, rendered) for name, rendered in target.items()}
        right += min(errors, key=lambda name: errors[name]) == style
        decibels.append(10 * np.log10(255**2 / max(errors[style], 1e-3)))
    return Tally(right, len(sources), float(np.mean(decibels)))


def still_of(name: str = "astronaut") -> Clip:
    picture = torch.nn.functional.interpolate(photograph(name), (SIZE, SIZE), mode="bilinear", antialias=True)
    return to_bytes(picture.expand(4, -1, -1, -1)).numpy()


def flicker_of(stream: Stream, style: str) -> float:
    """Standard deviation over time of a pixel, in levels, for a still source in a running stream."""
    out = run(stream, TRAINING_PHRASES[style][0], np.concatenate([still_of()] * 8))[-16:]
    return float(out.astype(np.float32).std(axis=0).mean())


def drift_of(stream: Stream, seconds: float, fps: float = 30) -> float:
    """Mean change, in levels, between second 2 and the end of a stream of a still source."""
    stream.reset()
    stream.set_prompt(TRAINING_PHRASES["oil"][0])
    still = still_of()
    early = late = stream.step(still)
    for chunk in range(round(seconds * fps / 4)):
        late = stream.step(still)
        if chunk == round(2 * fps / 4):
            early = late
    return float(np.abs(early.astype(np.float32) - late.astype(np.float32)).mean())


def seam_of(stream: Stream, sources: list[Clip]) -> float:
    """Change across chunk borders over change within chunks, oil: 1 where no seam shows."""
    across: list[float] = []
    within: list[float] = []
    for source in sources:
        out = run(stream, TRAINING_PHRASES["oil"][0], source).astype(np.float32)
        # The target moves too: what counts is the change that the target has not.
        rendered = _render("oil", source).astype(np.float32)
        change = np.abs(np.diff(out - rendered, axis=0)).mean(axis=(1, 2, 3))[8:]
        for index, value in enumerate(change, start=8):
            (across if index % 4 == 3 else within).append(float(value))
    return float(np.mean(across) / np.mean(within))


def speed_of(stream: Stream, steps: int) -> float:
    """Frames per second of the engine alone, median of 20 chunks."""
    still, seconds = still_of(), []
    stream.set_prompt(TRAINING_PHRASES["oil"][0])
    for _ in range(24):
        started = time.perf_counter()
        stream.step(still, steps=steps)
        seconds.append(time.perf_counter() - started)
    return 4 / float(np.median(seconds[4:]))


def sheet(stream: Stream, path: Path, cell: int = 128) -> None:
    """A PNG of two rows per held-back clip: the targets, and below each what the model makes."""
    from PIL import Image, ImageDraw

    rng = Generator().manual_seed(3)
    sources = [np.concatenate([still_of(name)] * 3) for name in ("astronaut", "coffee")]
    sources += [make_held_back_clip(rng, 12, SIZE, which).numpy() for which in (4, 3)]
    names = list(STYLES)
    picture = Image.new("RGB", (cell * (len(names) + 1), 2 * cell * len(sources) + 14), "white")
    pen = ImageDraw.Draw(picture)

    def put(column: int, row: int, frame: Clip) -> None:
        picture.paste(Image.fromarray(frame).resize((cell, cell)), (column * cell, row * cell + 14))

    for row, source in enumerate(sources):
        put(0, 2 * row, source[-1])
        for column, name in enumerate(names, start=1):
            pen.text((column * cell + 4, 1), name, fill="black")
            put(column, 2 * row, _render(name, source[-1:])[0])
            put(column, 2 * row + 1, run(stream, TRAINING_PHRASES[name][0], source)[-1])
    picture.quantize(256).save(path, optimize=True)


def curve(points: list[dict[str, float]], path: Path) -> None:
    """A PNG of the losses of a training run over its steps, both axes from `curve.json`, log loss."""
    from PIL import Image, ImageDraw

    width, height, edge = 900, 420, 40
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    last = points[-1]["step"]
    low, high = -2.5, 0.2

    def at(step: float, loss: float) -> tuple[float, float]:
        share = (np.log10(loss) - low) / (high - low)
        return edge + (width - 2 * edge) * step / last, height - edge - (height - 2 * edge) * share

    for power in (-2, -1, 0):
        pen.line([at(0, 10**power), at(last, 10**power)], fill="lightgrey")
        pen.text((4, at(0, 10**power)[1] - 6), f"{10.0**power:g}", fill="black")
    for key, colour, y in (("loss", "steelblue", 8), ("held_back", "crimson", 22)):
        pen.line([at(point["step"], point[key]) for point in points], fill=colour, width=2)
        pen.text((width - 260, y), {"loss": "training", "held_back": "held back, sigma 1"}[key], fill=colour)
    pen.text((width / 2 - 60, height - 24), f"steps, 0 to {last:.0f}", fill="black")
    picture.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--clips", type=int, default=10, help="held-back clips per style")
    parser.add_argument("--json", type=Path, help="where the figures go (default: the terminal)")
    parser.add_argument("--sheet", type=Path, help="where a sheet of samples goes (PNG)")
    parser.add_argument("--curve", type=Path, nargs=2, help="a run's curve.json, and where its plot goes (PNG)")
    asked = parser.parse_args()
    stream = Stream(load_nano(asked.weights), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))
    choose_threads(lambda: speed_of(stream, 1), rounds=1)
    if asked.curve:
        curve(json.loads(asked.curve[0].read_text()), asked.curve[1])
    if asked.sheet:
        sheet(stream, asked.sheet)
    text = json.dumps(evaluate(stream, asked.clips), indent=1) + "\n"
    if asked.json:
        asked.json.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
