"""The bench `wan-nano`: what the small model makes of pictures and scenes that training never saw."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import torch

from livegraph import Figure, InputError
from livegraph_wan.device import fast_dtype
from livegraph_wan.nano.model import load_nano
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream

CLIPS = 10
NEAREST = 0.9
"""Share of the clips that a style has to come out as itself in."""


def measure(quick: bool) -> Iterator[Figure]:
    """Ten held-back clips per style at 256x256, one step, in wording that training knew, streamed through the engine
    as on a stage; see `livegraph_wan.nano.evaluate`. Nearest: of all styles' targets, the style's own has the least
    squared error. PSNR: to that target, mean over all clips. Flicker: standard deviation over time of a pixel of a
    still source in a running stream, in levels, the worst style. Drift: mean change over two minutes of a still source.
    """
    if find_spec("skimage") is None:
        raise InputError("it needs the photographs of scikit-image: pip install scikit-image")
    from livegraph_wan.nano.evaluate import evaluate

    stream = Stream(load_nano(), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))
    found: Any = evaluate(stream, 2 if quick else CLIPS)
    styles = found["styles"].values()
    told = ", ".join(f"{name} {style['nearest_own']:.0%}" for name, style in found["styles"].items())
    certain = sum(style["nearest_own"] >= NEAREST for style in styles)
    yield Figure(f"styles that come out as themselves in {NEAREST:.0%} of clips", certain, "", 6, False, told)
    worst = min(style["psnr_db"] for style in styles)
    mean = sum(style["psnr_db"] for style in styles) / len(styles)
    yield Figure("PSNR to the style's target, mean", mean, "dB", 25, False, f"the worst style {worst:.1f} dB")
    yield Figure("flicker of a still source, worst style", max(s["flicker_levels"] for s in styles), "levels", 2.5)
    yield Figure("drift of a still source in two minutes", found["drift_levels"], "levels", 2.5)
