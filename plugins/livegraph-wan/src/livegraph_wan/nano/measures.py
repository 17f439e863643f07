"""One function per figure that wan-nano is held to. All stream through the engine, as on a stage."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from livegraph_wan.drift import LUMA, spectrum_of
from livegraph_wan.nano.afterimages import MEMORY_STYLES
from livegraph_wan.nano.held_back import Clip, decibels, error_between, render, run, sources, still_of
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import HELD_BACK_PHRASES, TRAINING_PHRASES
from livegraph_wan.stream import Stream

STRENGTHS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Likeness(NamedTuple):
    """How the clips of one style came out."""

    right: float
    """Share of the clips that are nearer to this style's target than to any other's."""
    psnr: float
    """Mean over the clips, dB."""


def likeness(
    stream: Stream, clips: list[Clip], targets: list[dict[str, Clip]], style: str, phrases: list[str], steps: int = 1
) -> Likeness:
    """Stream every clip under one of the phrases in turn, and see which target the end is nearest to."""
    right, found = 0, []
    for which, (clip, target) in enumerate(zip(clips, targets, strict=True)):
        out = run(stream, phrases[which % len(phrases)], clip, steps=steps)[-4:]
        errors = {name: error_between(out, rendered) for name, rendered in target.items()}
        right += min(errors, key=lambda name: errors[name]) == style
        found.append(decibels(errors[style]))
    return Likeness(right / len(clips), float(np.mean(found)))


def known_phrases(style: str) -> list[str]:
    """Phrases from all over the list that training used."""
    phrases = TRAINING_PHRASES[style]
    return phrases[:: len(phrases) // len(HELD_BACK_PHRASES[style])]


def flicker_of(stream: Stream, style: str) -> float:
    """Standard deviation over time of a pixel, in levels, for a still source in a running stream."""
    out = run(stream, TRAINING_PHRASES[style][0], np.concatenate([still_of()] * 8))[-16:]
    return float(out.astype(np.float32).std(axis=0).mean())


class Cut(NamedTuple):
    """The chunk after the middle of a clip, in a style that may remember."""

    whole: Clip
    """As it comes out of a running stream."""
    part: Clip
    """As it comes out where the stream is cut just before it."""
    target: Clip
    alone: Clip
    """Each of its frames in the style as if there had been no other."""


def cuts_of(stream: Stream, style: str, seed: int, steps: int) -> Iterator[Cut]:
    """Scenes that training never saw, cut in the middle: in scenes, things move before others."""
    chunks, prompt = 8, TRAINING_PHRASES[style][0]
    middle = slice(2 * chunks, 2 * chunks + 4)
    for clip in list(sources(6, seed, chunks))[1::2]:
        whole = run(stream, prompt, clip, steps=steps)[middle]
        part = run(stream, prompt, clip, cut=2 * chunks, steps=steps)[middle]
        alone = np.concatenate([render(style, frame[None]) for frame in clip[middle]])
        yield Cut(whole, part, render(style, clip)[middle], alone)


def memory_of(stream: Stream, style: str, seed: int, steps: int = 1) -> dict[str, float]:
    """What the cache is worth: PSNR of a chunk in a running stream, and with the stream cut just before it.

    `change_levels` is how much the chunk changes by the cut, mean over pixels. `seen` and `seen_cut`: how much of
    what the style shows of the past is there, see `share_seen`.
    """
    cuts = list(cuts_of(stream, style, seed, steps))
    kept = [decibels(error_between(cut.whole, cut.target)) for cut in cuts]
    lost = [decibels(error_between(cut.part, cut.target)) for cut in cuts]
    change = [np.abs(cut.whole.astype(np.float32) - cut.part).mean() for cut in cuts]
    targets, alone = [cut.target for cut in cuts], [cut.alone for cut in cuts]
    return {
        "psnr_db": round(float(np.mean(kept)), 2),
        "psnr_cut_db": round(float(np.mean(lost)), 2),
        "change_levels": round(float(np.mean(change)), 2),
        "seen": share_seen([cut.whole for cut in cuts], targets, alone),
        "seen_cut": share_seen([cut.part for cut in cuts], targets, alone),
    }


def share_seen(made: list[Clip], targets: list[Clip], alone: list[Clip]) -> float:
    """How much of an afterimage is there: 1 all of it, 0 nothing, or there is none to be seen.

    An afterimage is what a target shows that the style would not show of each frame `alone`; its share is the slope
    of the line that fits what was made to it.
    """
    kept, there = (np.concatenate(a).astype(np.float32) - np.concatenate(alone) for a in (targets, made))
    energy = float(np.square(kept).sum())
    return round(float((kept * there).sum()) / energy, 3) if energy else 0.0


def strength_of(stream: Stream, style: str, clip: Clip) -> list[float]:
    """Root mean square distance from the source, in levels, at each of `STRENGTHS`."""
    made = (run(stream, TRAINING_PHRASES[style][0], clip, noise_scale=strength) for strength in STRENGTHS)
    return [round(error_between(out[-4:], clip[-4:]) ** 0.5, 2) for out in made]


def monotony(distances: list[float], slack: float = 0.5) -> bool:
    """Whether the distance never falls by more than `slack` levels while strength rises."""
    return all(b >= a - slack for a, b in pairwise(distances))


def drift_of(stream: Stream, style: str, source: Clip, seconds: float, fps: float = 30) -> dict[str, float]:
    """What is different at the end of a long stream of the same loop from what it was in second 2, in levels.

    `change`: mean over pixels. `mean`, `std`: of the picture's mean and standard deviation.
    `fine`: of the finest octave's part of the spectrum's energy, in percent of it.
    """
    stream.reset()
    stream.set_prompt(TRAINING_PHRASES[style][0])
    loops = round(seconds * fps / len(source))
    settled = min(round(2 * fps / len(source)), loops // 2)
    early = late = source
    for loop in range(loops):
        late = np.concatenate([stream.step(source[i : i + 4]) for i in range(0, len(source), 4)])
        if loop == settled:
            early = late
    a, b = early.astype(np.float32), late.astype(np.float32)
    return {
        "change": round(float(np.abs(a - b).mean()), 3),
        "mean": round(float(b.mean() - a.mean()), 3),
        "std": round(float(b.std() - a.std()), 3),
        "fine": round(100 * (fine_energy(b) / fine_energy(a) - 1), 3),
    }


def fine_energy(clip: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> float:
    """Mean energy of the luma of `[N, H, W, 3]` in the finest octave of its frequencies."""
    return float(np.mean([spectrum_of(picture @ LUMA)[0] for picture in clip]))


def seam_of(stream: Stream, clips: list[Clip], style: str) -> float:
    """Change across chunk borders over change within chunks: 1 where no seam shows."""
    across: list[float] = []
    within: list[float] = []
    for clip in clips:
        out = run(stream, TRAINING_PHRASES[style][0], clip).astype(np.float32)
        # The target moves too: what counts is the change that the target has not.
        change = np.abs(np.diff(out - render(style, clip), axis=0)).mean(axis=(1, 2, 3))[8:]
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


def memories(stream: Stream, seed: int, steps: int = 1) -> dict[str, dict[str, float]]:
    """`memory_of` for the styles that remember, and for one that does not beside them."""
    return {style: memory_of(stream, style, seed, steps) for style in (*MEMORY_STYLES, "photograph")}


def strengths(stream: Stream, clip: Clip) -> dict[str, list[float]]:
    """`strength_of` for every style but the one that changes nothing."""
    return {style: strength_of(stream, style, clip) for style in STYLES if style != "photograph"}
