"""Ways to hold less, by what the formulas say that each saves. Pure logic.

Gentle ways come first: TAEHV for Wan's own VAE, then a shorter memory, then fewer pixels. But a way that saves next to
nothing is passed over: a picture that is worse for nothing helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from livegraph import Room, readable
from livegraph_wan.memory import Setting

STEP = 3 / 4
"""Of a window or of a picture's sides, what the next step leaves."""
WORTHWHILE = 1 / 20
"""Share of what could be saved at all, which is what is held beside the weights, that makes a way worth going."""
MARGIN = 0.1
"""Share of free memory that is left to what allocators lose."""


@dataclass(frozen=True)
class Way:
    """A setting that holds less, and what it is as a person would say it."""

    setting: Setting
    kind: Literal["vae", "window", "size"]
    said: str
    typed: str = ""
    """As the graph would have it, where it has a word for it."""


def with_taehv(setting: Setting) -> Way | None:
    if setting.vae != "wan":
        return None
    return Way(replace(setting, vae="taehv"), "vae", "TAEHV instead of Wan's own VAE", "vae: taehv")


def with_window(setting: Setting) -> Way | None:
    """The longest of at most three quarters that leaves whole blocks beside the sink."""
    profile = setting.profile
    block, sink = profile.frames_per_block, profile.sink
    window = max(sink + block, int(profile.window * STEP) // block * block)
    if window >= profile.window or profile.whole_clips:
        return None
    said = f"a window of {window} instead of {profile.window} latent frames"
    return Way(replace(setting, profile=replace(profile, window=window)), "window", said, f"window: {window}")


def with_size(setting: Setting) -> Way | None:
    smaller = replace(setting, scale=setting.lower * STEP)
    if smaller.painted == setting.painted:
        return None
    width, height = smaller.painted
    return Way(smaller, "size", f"painting at {width}x{height}, enlarged to {setting.size[0]}x{setting.size[1]}")


def next_way(setting: Setting, *, taehv: bool) -> Way | None:
    """The gentlest that is worth it, else the one that saves most; None where nothing is left. `taehv`: it is here."""
    found = [with_taehv(setting) if taehv else None, with_window(setting), with_size(setting)]
    ways = [way for way in found if way is not None and saves(setting, way) > 0]
    enough = WORTHWHILE * setting.beside_weights
    gentle = (way for way in ways if saves(setting, way) >= enough)
    return next(gentle, max(ways, key=lambda way: saves(setting, way), default=None))


def saves(setting: Setting, way: Way) -> int:
    """Bytes."""
    return setting.total - way.setting.total


def ways_down(setting: Setting, *, taehv: bool) -> Iterator[list[Way]]:
    """One step, two steps, and so on."""
    taken: list[Way] = []
    while (way := next_way(taken[-1].setting if taken else setting, taehv=taehv)) is not None:
        taken.append(way)
        yield list(taken)


def fitting(setting: Setting, free: int | None, *, taehv: bool) -> list[Way]:
    """The first steps down after which what is held beside the weights fits into `free` bytes, where that is known;
    if none does, all of them. At least one, unless nothing is left.
    """
    last: list[Way] = []
    for last in ways_down(setting, taehv=taehv):
        if free is None or fits(last[-1].setting.beside_weights, free):
            break
    return last


def fits(needed: int, free: int) -> bool:
    return needed <= (1 - MARGIN) * free


def room_said(room: Room | None) -> str:
    return f", {readable(room.free)} of {readable(room.total)} free" if room else ""


def size_said(setting: Setting) -> str:
    return "{}x{}".format(*setting.painted)


def parts_said(setting: Setting) -> str:
    return ", ".join(f"{name} {readable(size)}" for name, size in setting.parts.items())


def advice(setting: Setting, ways: list[Way]) -> str:
    """What the gentlest would bring."""
    return f"; {ways[0].said} would save {readable(setting.total - ways[0].setting.total)}" if ways else ""
