"""What may be said to the bench `wan`, and what it means. Imports nothing heavy: help is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from livegraph import BenchOption
from livegraph_wan.choice import BACKENDS
from livegraph_wan.grid import MULTIPLE
from livegraph_wan.profile import PROFILES, VaeName

if TYPE_CHECKING:
    from livegraph_wan.bench.case import Case

Suite = Literal["h200"]
DtypeName = Literal["fp32", "bf16", "fp16"]

GRAPH = ("live", "start", "overhead", "prompt")
"""Parts that run a graph with wan-nano, as it is shipped."""
ENGINE = ("operators", "stages", "whole")
"""Parts that run the engine alone, with any model."""
PARTS = (*GRAPH, *ENGINE, "ladder", "quality", "drift")
MODELS = tuple(name for name, profile in PROFILES.items() if not profile.whole_clips)
"""What repaints: a model that makes whole clips of a still is no stream."""
UNITS = {"s": 1, "m": 60, "h": 3600}

T = TypeVar("T", bound=str)


@dataclass(frozen=True)
class Asked:
    """What was said; None where nothing was. Names as in `OPTIONS`."""

    profile: str | None = None
    size: tuple[int, int] | None = None
    steps: int | None = None
    window: int | None = None
    dtype: DtypeName | None = None
    backend: str | None = None
    vae: VaeName | None = None
    overlap: bool = False
    random_weights: bool = False
    chunks: int | None = None
    prompt: str | None = None
    suite: Suite | None = None
    drift: float | None = None
    only: Sequence[str] = ()

    @property
    def parts(self) -> Sequence[str]:
        """What is measured: whoever chooses a model means the engine, whoever says nothing means everything."""
        if self.only:
            return self.only
        if self.drift is not None:
            return ("drift",)
        return ENGINE if self.of_engine else (*GRAPH, *ENGINE)

    @property
    def cases(self) -> Sequence[Case]:
        """What the engine is measured with: one model, or a suite of them."""
        from livegraph_wan.bench.case import case_of
        from livegraph_wan.bench.suites import SUITES

        return SUITES[self.suite](self) if self.suite else [case_of(self)]

    @property
    def of_engine(self) -> bool:
        """Whether something was said that only the engine's parts listen to."""
        said = (self.profile, self.size, self.steps, self.window, self.dtype, self.backend, self.vae, self.suite)
        return self.random_weights or self.overlap or any(value is not None for value in said)


def size(text: str) -> tuple[int, int]:
    """`832x480`: width and height."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(sides) or any(side % MULTIPLE for side in sides):
        raise ValueError(f"expected width x height in multiples of {MULTIPLE}, such as 832x480, not {text!r}")
    return sides


def duration(text: str) -> float:
    """`90s`, `10m`, `1h`: seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match or not float(match[1]):
        raise ValueError(f"expected a duration such as 90s, 10m or 1h, not {text!r}")
    return float(match[1]) * UNITS[match[2]]


def count(text: str) -> int:
    """A number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"expected a number from 1 on, not {text!r}")
    return int(text)


def one_of(*names: T) -> Callable[[str], T]:
    """A parser that takes one of these names."""

    def parse(text: str) -> T:
        if text not in names:
            raise ValueError(f"expected one of {', '.join(names)}, not {text!r}")
        return next(name for name in names if name == text)

    return parse


def parts(text: str) -> tuple[str, ...]:
    """`live,stages`: some of `PARTS`."""
    return tuple(one_of(*PARTS)(name) for name in text.split(","))


OPTIONS = (
    BenchOption("profile", f"the model: {', '.join(MODELS)}; default wan-nano", one_of(*MODELS), "NAME"),
    BenchOption("size", "of the picture; default: the model's own", size, "WxH"),
    BenchOption("steps", "denoising steps per chunk; default: the model's own", count, "N"),
    BenchOption("window", "latent frames that are attended to; default: the model's own", count, "N"),
    BenchOption("dtype", "fp32, bf16 or fp16; default: what is fast here", one_of("fp32", "bf16", "fp16"), "NAME"),
    BenchOption("backend", f"what computes: {', '.join(BACKENDS)}; default: the best here", one_of(*BACKENDS), "NAME"),
    BenchOption("vae", "nano, taehv or wan; default: the model's own", one_of("nano", "taehv", "wan"), "NAME"),
    BenchOption("overlap", "encode, denoise and decode beside each other; default: on a GPU, but for wan-nano", None),
    BenchOption("random-weights", "random numbers of the model's true size: nothing has to be pulled", None),
    BenchOption("chunks", "how many chunks are measured", count, "N"),
    BenchOption("only", f"some of the parts: {', '.join(PARTS)}", parts, "PART,..."),
    BenchOption("suite", "h200: every figure that livegraph promises of an H100 or H200", one_of("h200"), "NAME"),
    BenchOption("drift", "look for drift in so much stream time at 30 fps: 10m, 1h", duration, "TIME"),
    BenchOption("prompt", "what drift is looked for under; default: wan.v2v's own", str, "TEXT"),
)
EXAMPLES = (
    "livegraph bench wan                           # everything, with wan-nano",
    "livegraph bench wan --only live,start         # two parts of it",
    "livegraph bench wan --only ladder --steps 2   # what each rung of adaptive quality costs",
    "livegraph bench wan --profile streamdiffusionv2-1.3b --random-weights --size 512x512",
    "livegraph bench wan --suite h200 --output h200.json",
    "livegraph bench wan --drift 10m               # as fast as it goes",
)
