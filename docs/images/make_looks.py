"""Makes looks.jpg: moments of the sample clip, and what graphs make of them.

    .venv/bin/python docs/images/make_looks.py

Every picture comes out of a graph that livegraph runs offline, and is shown as it came out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from livegraph.testing import run_graph

MOMENTS_S = (1.0, 5.0)
LOOKS = {
    "sample://moving": None,
    "vision.canny": {"use": "vision.canny", "params": {"low": 60, "high": 150}},
    '"an oil painting"': {"use": "wan.v2v", "params": {"prompt": "an oil painting, thick brush strokes"}},
    '"ink on paper"': {"use": "wan.v2v", "params": {"prompt": "ink on paper"}},
    '"a pale watercolour"': {"use": "wan.v2v", "params": {"prompt": "a pale watercolour"}},
    '"newspaper dots"': {"use": "wan.v2v", "params": {"prompt": "newspaper dots"}},
}
SIDE, GAP, CAPTION = 256, 8, 26


def picture(look: dict | None, start_s: float) -> np.ndarray:
    """The last picture of a second of the clip: a model with a memory has settled by then."""
    nodes = {
        "clip": {"use": "media.file", "params": {"path": "sample://moving", "start": start_s, "size": f"{SIDE}x{SIDE}"}}
    }
    if look is not None:
        nodes["look"] = {**look, "in": "clip"}
    nodes["rgb"] = {"use": "core.convert", "in": list(nodes)[-1], "params": {"format": "rgb24"}}
    nodes["end"] = {"use": "test.collect", "in": "rgb"}
    result = run_graph({"livegraph": 1, "nodes": nodes}, mode="offline", duration_s=1.0)
    assert result.outcome.ok, result.outcome.error
    return result.payloads("end")[-1]


def sheet() -> Image.Image:
    """A row per moment, a column per look, and the prompts below."""
    width = len(LOOKS) * (SIDE + GAP) - GAP
    height = len(MOMENTS_S) * (SIDE + GAP) + CAPTION
    page = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(18)
    for column, (name, look) in enumerate(LOOKS.items()):
        left = column * (SIDE + GAP)
        for row, start_s in enumerate(MOMENTS_S):
            page.paste(Image.fromarray(picture(look, start_s)), (left, row * (SIDE + GAP)))
        pen.text((left + SIDE / 2, height - CAPTION), name, fill="black", font=font, anchor="ma")
    return page


if __name__ == "__main__":
    sheet().save(Path(__file__).parent / "looks.jpg", quality=88)
