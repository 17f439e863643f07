"""The bench `wan-nano`: what the small model makes of pictures and scenes that training never saw."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import torch

from livegraph import Figure, InputError
from livegraph_wan.device import fast_dtype
from livegraph_wan.nano.model import load_nano
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream

CLIPS, SEED = 10, 7
NEAREST = 0.95
"""Share of the clips that a style has to come out as itself in."""


def measure(quick: bool) -> Iterator[Figure]:
    """Ten held-back clips per style at 256x256, streamed through the engine as on a stage, see
    `livegraph_wan.nano.evaluate`. Nearest: of all styles' targets, the style's own has the least squared error.
    PSNR: to that target, at one step, mean over all clips. Flicker: standard deviation over time of a pixel of a
    still source in a running stream, in levels, the worst style. Cut: the stream forgets what it has seen just
    before the chunk that is measured. Drift: mean change over two minutes of a still source.
    """
    if find_spec("skimage") is None:
        raise InputError("it needs the photographs of scikit-image: pip install scikit-image")
    from livegraph_wan.nano.evaluate import per_style, summary
    from livegraph_wan.nano.held_back import sources, still_of
    from livegraph_wan.nano.measures import drift_of, memory_of

    stream = Stream(load_nano(), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))
    styles = per_style(stream, list(sources(2 if quick else CLIPS, SEED)))
    found = summary(styles)
    told = ", ".join(f"{name} {style['nearest_own']:.0%}" for name, style in styles.items())
    certain = sum(style["nearest_own"] >= NEAREST for style in styles.values())
    yield Figure(f"styles that come out as themselves in {NEAREST:.0%} of clips", certain, "", 14, False, told)
    share = 100 * found["nearest_own_held_back_wording"]
    yield Figure("clips that come out as asked in wording that training never saw", share, "%", 80, False)
    note = f"the worst style {found['psnr_db_worst']:.1f} dB"
    yield Figure("PSNR to the style's target, mean", found["psnr_db_mean"], "dB", 27, False, note)
    gain = found["second_step_gain_db_mean"]
    yield Figure("what a second step adds to it", gain, "dB", 0, False)
    yield Figure("flicker of a still source, worst style", found["flicker_levels_worst"], "levels", 2)
    memory = memory_of(stream, "trails", SEED)
    yield Figure("what trails lose by a cut", memory["psnr_db"] - memory["psnr_cut_db"], "dB", 1, False)
    drift = drift_of(stream, "oil", still_of(), 20 if quick else 120)
    yield Figure("drift of a still source in two minutes", drift["change"], "levels", 2.5)
