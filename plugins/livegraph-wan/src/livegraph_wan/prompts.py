"""What a stream is told to paint: prompts in weights, and the way from one to the next.

A prompt is one text, or several in weights: `ink on paper: 2 | neon lights: 1`.
"""

import re
from typing import Literal, NamedTuple

import numpy as np

from livegraph_wan.backend import Embedding

Interpolation = Literal["linear", "slerp"]

_WEIGHT = re.compile(r"^(?P<text>.*\S)\s*:\s*(?P<weight>\d+(\.\d*)?|\.\d+)\s*$", re.DOTALL)
_NOTHING = np.float32(1e-12)


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


def blend(embeddings: list[Embedding], weights: list[float], how: Interpolation) -> Embedding:
    """One embedding `[1, L, dim]` out of several, whose weights add up to 1."""
    mixed, so_far = embeddings[0], weights[0]
    for embedding, weight in zip(embeddings[1:], weights[1:], strict=True):
        so_far += weight
        mixed = between(mixed, embedding, weight / so_far, how)
    return mixed


def between(a: Embedding, b: Embedding, part: float, how: Interpolation) -> Embedding:
    """`a` at 0, `b` at 1. `slerp` walks along the arc between two tokens' directions, and between their lengths
    (Shoemake 1985); where they point the same way, or one is nothing, it is the straight line.
    """
    ours, theirs = np.float32(1 - part), np.float32(part)
    straight: Embedding = ours * a + theirs * b
    if how == "linear":
        return straight
    lengths = _length(a), _length(b)
    cosine = (a * b).sum(-1, keepdims=True) / np.maximum(lengths[0] * lengths[1], _NOTHING)
    angle = np.arccos(cosine.clip(-1, 1))
    sine = np.sin(angle)
    no_arc = (sine < 1e-4) | (lengths[0] < 1e-8) | (lengths[1] < 1e-8)
    length = (ours * lengths[0] + theirs * lengths[1]) / np.where(no_arc, 1, sine)
    of_a = np.sin(ours * angle) * length / np.maximum(lengths[0], _NOTHING)
    of_b = np.sin(theirs * angle) * length / np.maximum(lengths[1], _NOTHING)
    arc: Embedding = np.where(no_arc, straight, of_a * a + of_b * b)
    return arc


def _length(tokens: Embedding) -> Embedding:
    length: Embedding = np.sqrt(np.square(tokens).sum(-1, keepdims=True))
    return length


class Transition:
    """A walk from one embedding to another over `chunks` chunks."""

    def __init__(self, start: Embedding, end: Embedding, chunks: int, how: Interpolation) -> None:
        self.end = end
        self._start, self._chunks, self._how, self._done = start, chunks, how, 0

    @property
    def over(self) -> bool:
        return self._done >= self._chunks

    def step(self) -> Embedding:
        """The embedding of the next chunk; the last is `end` itself."""
        self._done += 1
        return self.end if self.over else between(self._start, self.end, self._done / self._chunks, self._how)
