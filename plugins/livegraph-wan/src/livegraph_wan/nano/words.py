"""Words of a prompt as buckets of hashed n-grams: what wan-nano's text encoder reads, on any backend."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

BUCKETS = 8192
WIDTH = 64
"""Of a word's vector."""
WORDS = 16
"""Most words read from a prompt; later ones are left out."""
PADDING = BUCKETS
"""The bucket of nothing."""
_GRAMS = 24
_STOP_WORDS = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "with", "by", "and", "to", "as", "it", "is", "for", "from", "style")
)


def words_of(prompt: str) -> list[str]:
    """The words that count, lower case, in order."""
    words = re.findall(r"[^\W_]+", prompt.lower())
    return [word for word in words if word not in _STOP_WORDS][:WORDS]


def grams_of(word: str) -> list[int]:
    """Buckets of a word and of its letter n-grams, 3 to 5 long; at most 24."""
    marked = f"<{word}>"
    pieces = {marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)}
    ordered = [word, *sorted(pieces - {word})]
    return [zlib.crc32(piece.encode()) % BUCKETS for piece in ordered[:_GRAMS]]


def buckets_of(prompt: str) -> NDArray[np.int64]:
    """Buckets of every word's n-grams, `[16, 24]`, filled up with `PADDING`."""
    table = np.full((WORDS, _GRAMS), PADDING, np.int64)
    for row, word in enumerate(words_of(prompt)):
        grams = grams_of(word)
        table[row, : len(grams)] = grams
    return table
