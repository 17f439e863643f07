"""What a stream is told to paint: prompts in weights, and the way from one to the next.

A prompt is one text, or several in weights: `ink on paper: 2 | neon lights: 1`.
"""

import re
from typing import Literal, NamedTuple

import torch
from torch import Tensor

Interpolation = Literal["linear", "slerp"]

_WEIGHT = re.compile(r"^(?P<text>.*\S)\s*:\s*(?P<weight>\d+(\.\d*)?|\.\d+)\s*$", re.DOTALL)


class Part(NamedTuple):
    """A text and its share, of all shares together 1."""

    text: str
    weight: float


def parse(prompt: str) -> tuple[Part, ...]:
    """The parts of a prompt. Without a weight a part counts 1; weights that add up to nothing are an error."""
    parts = [_part(text) for text in prompt.split("|")]
    total = sum(part.weight for part in parts)
    if total <= 0:
        raise ValueError(f"prompt {prompt!r}: the weights add up to 0; give some part more")
    return tuple(Part(part.text, part.weight / total) for part in parts if part.weight > 0)


def _part(text: str) -> Part:
    found = _WEIGHT.match(text)
    return Part(found["text"].strip(), float(found["weight"])) if found else Part(text.strip(), 1.0)


def blend(embeddings: list[Tensor], weights: list[float], how: Interpolation) -> Tensor:
    """One embedding `[1, L, dim]` out of several, whose weights add up to 1."""
    mixed, so_far = embeddings[0], weights[0]
    for embedding, weight in zip(embeddings[1:], weights[1:], strict=True):
        so_far += weight
        mixed = between(mixed, embedding, weight / so_far, how)
    return mixed


def between(a: Tensor, b: Tensor, part: float, how: Interpolation) -> Tensor:
    """`a` at 0, `b` at 1. `slerp` walks along the arc between two tokens' directions, and between their lengths
    (Shoemake 1985); where they point the same way, or one is nothing, it is the straight line.
    """
    if how == "linear":
        return torch.lerp(a, b, part)
    one, other = a.float(), b.float()
    lengths = one.norm(dim=-1, keepdim=True), other.norm(dim=-1, keepdim=True)
    cosine = (one * other).sum(-1, keepdim=True) / (lengths[0] * lengths[1]).clamp(min=1e-12)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    straight = (sine < 1e-4) | (lengths[0] < 1e-8) | (lengths[1] < 1e-8)
    safe = torch.where(straight, torch.ones_like(sine), sine)
    direction = (((1 - part) * angle).sin() * one / lengths[0].clamp(min=1e-12)) + (
        (part * angle).sin() * other / lengths[1].clamp(min=1e-12)
    )
    along = direction / safe * torch.lerp(lengths[0], lengths[1], part)
    return torch.where(straight, torch.lerp(one, other, part), along).to(a.dtype)


class Transition:
    """A walk from one embedding to another over `chunks` chunks."""

    def __init__(self, start: Tensor, end: Tensor, chunks: int, how: Interpolation) -> None:
        self.end = end
        self._start, self._chunks, self._how, self._done = start, chunks, how, 0

    @property
    def over(self) -> bool:
        return self._done >= self._chunks

    def step(self) -> Tensor:
        """The embedding of the next chunk; the last is `end` itself."""
        self._done += 1
        return self.end if self.over else between(self._start, self.end, self._done / self._chunks, self._how)
