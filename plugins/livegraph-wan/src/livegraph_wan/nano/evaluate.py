"""Measure wan-nano: `python -m livegraph_wan.nano.evaluate --json FILE --sheet PNG --moving WEBP`.

Everything is streamed through the engine as on a stage, from photographs, scenes and wording that
training never saw. Figures are for 8-bit pictures at 256x256.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from livegraph_wan.device import choose_threads, fast_dtype
from livegraph_wan.nano.held_back import SIZE, Clip, sources, still_of, targets_of
from livegraph_wan.nano.measures import (
    STRENGTHS,
    drift_of,
    flicker_of,
    known_phrases,
    likeness,
    memories,
    monotony,
    seam_of,
    speed_of,
    strengths,
)
from livegraph_wan.nano.model import SHIPPED, load_nano
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import HELD_BACK_PHRASES
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream

SEAM_STYLES = ("oil", "neon", "photograph")


def evaluate(stream: Stream, clips: int, drift_seconds: float, seed: int = 7) -> dict[str, Any]:
    """All figures, per style and in all; drift over `drift_seconds` of stream."""
    given = list(sources(clips, seed))
    styles = per_style(stream, given)
    distances = strengths(stream, given[0])
    moving = next(iter(sources(1, seed)))
    return {
        "size": SIZE,
        "clips_per_style": clips,
        "summary": summary(styles),
        "styles": styles,
        "memory": memories(stream, seed),
        "memory_2_steps": memories(stream, seed, steps=2),
        "strength": {
            "noise_scale": list(STRENGTHS),
            "mean_distance": [round(float(np.mean(column)), 2) for column in zip(*distances.values(), strict=True)],
            "monotone": {style: monotony(found) for style, found in distances.items()},
        },
        "drift": {
            "seconds": drift_seconds,
            "still, oil": drift_of(stream, "oil", still_of(), drift_seconds),
            "moving, trails, a tenth of it": drift_of(stream, "trails", moving, drift_seconds / 10),
        },
        "seam_ratio": {style: round(seam_of(stream, given, style), 3) for style in SEAM_STYLES},
        "fps": {f"{steps}_step": round(speed_of(stream, steps), 1) for steps in (1, 2)},
    }


def per_style(stream: Stream, given: list[Clip]) -> dict[str, dict[str, float]]:
    """What a style is told apart by, how near it comes at one step and at two, and how steady it is."""
    targets = [targets_of(clip) for clip in given]
    found = {}
    for style in STYLES:
        known = likeness(stream, given, targets, style, known_phrases(style))
        unknown = likeness(stream, given, targets, style, HELD_BACK_PHRASES[style])
        twice = likeness(stream, given, targets, style, known_phrases(style), steps=2)
        found[style] = {
            "nearest_own": known.right,
            "nearest_own_held_back_wording": unknown.right,
            "psnr_db": round(known.psnr, 2),
            "psnr_db_2_steps": round(twice.psnr, 2),
            "flicker_levels": round(flicker_of(stream, style), 3),
        }
    return found


def summary(styles: dict[str, dict[str, float]]) -> dict[str, float]:
    """Means over the styles, and the worst of them."""

    def column(name: str) -> list[float]:
        return [style[name] for style in styles.values()]

    gains = [style["psnr_db_2_steps"] - style["psnr_db"] for style in styles.values()]
    return {
        "nearest_own": round(float(np.mean(column("nearest_own"))), 3),
        "nearest_own_held_back_wording": round(float(np.mean(column("nearest_own_held_back_wording"))), 3),
        "psnr_db_mean": round(float(np.mean(column("psnr_db"))), 2),
        "psnr_db_worst": min(column("psnr_db")),
        "second_step_gain_db_mean": round(float(np.mean(gains)), 2),
        "second_step_gain_db_worst": round(min(gains), 2),
        "flicker_levels_worst": max(column("flicker_levels")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="a folder of weights")
    parser.add_argument("--clips", type=int, default=10, help="held-back clips per style")
    parser.add_argument("--drift", type=float, default=600, help="seconds of stream to look for drift in")
    parser.add_argument("--quick", action="store_true", help="3 clips, and 20 s of stream for drift")
    parser.add_argument("--json", type=Path, help="where the figures go (default: the terminal)")
    parser.add_argument("--sheet", type=Path, help="where a sheet of samples goes (PNG)")
    parser.add_argument("--moving", type=Path, help="where a moving sheet of the styles with a memory goes (WebP)")
    parser.add_argument("--curve", type=Path, nargs=2, help="a run's curve.json, and where its plot goes (PNG)")
    asked = parser.parse_args()
    stream = Stream(load_nano(asked.weights), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))
    choose_threads(lambda: speed_of(stream, 1), rounds=1)
    draw(stream, asked)
    found = evaluate(stream, 3 if asked.quick else asked.clips, 20 if asked.quick else asked.drift)
    text = json.dumps(found, indent=1) + "\n"
    if asked.json:
        asked.json.write_text(text)
    else:
        sys.stdout.write(text)


def draw(stream: Stream, asked: argparse.Namespace) -> None:
    """The pictures that were asked for."""
    from livegraph_wan.nano.sheets import curve, moving_sheet, sheet

    if asked.curve:
        curve(json.loads(asked.curve[0].read_text()), asked.curve[1])
    if asked.sheet:
        sheet(stream, asked.sheet)
    if asked.moving:
        moving_sheet(stream, asked.moving)


if __name__ == "__main__":
    main()
