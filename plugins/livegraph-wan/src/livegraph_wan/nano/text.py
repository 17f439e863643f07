"""The text encoder of wan-nano: words as sums of hashed n-grams.

A word is the mean of the vectors of itself and of its letter trigrams to pentagrams, so "painted"
and "painting" are near each other before any training. There is no word order.
"""

import re
import zlib

import torch
from torch import Tensor, nn

BUCKETS = 8192
WIDTH = 64
WORDS = 16
"""Most words read from a prompt; later ones are left out."""
_GRAMS = 24
_PADDING = BUCKETS
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


def tokenize(prompt: str) -> Tensor:
    """Buckets of every word's n-grams, `[16, 24]` int64, padded with 8192."""
    table = torch.full((WORDS, _GRAMS), _PADDING)
    for row, word in enumerate(words_of(prompt)):
        grams = grams_of(word)
        table[row, : len(grams)] = torch.tensor(grams)
    return table


class NanoText(nn.Module):
    """Prompts to `[B, 16, 64]`; absent words are zero vectors, which are attended to."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(BUCKETS + 1, WIDTH, mode="mean", padding_idx=_PADDING)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed `tokens` `[B, 16, 24]` from `tokenize`."""
        vectors: Tensor = self.embedding(tokens.flatten(0, 1))
        return torch.unflatten(vectors, 0, tokens.shape[:2])

    def read(self, prompt: str) -> Tensor:
        """One prompt, `[1, 16, 64]`."""
        vectors: Tensor = self(tokenize(prompt)[None].to(self.embedding.weight.device))
        return vectors
