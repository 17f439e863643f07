"""The text encoder of wan-nano: words as sums of hashed n-grams.

A word is the mean of the vectors of itself and of its letter trigrams to pentagrams, so "painted"
and "painting" are near each other before any training. There is no word order.
"""

import torch
from torch import Tensor, nn

from livegraph_wan.nano.words import BUCKETS, PADDING, WIDTH, buckets_of


def tokenize(prompt: str) -> Tensor:
    """See `words.buckets_of`; `[16, 24]` int64."""
    return torch.from_numpy(buckets_of(prompt))


class NanoText(nn.Module):
    """Prompts to `[B, 16, 64]`; absent words are zero vectors, which are attended to."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(BUCKETS + 1, WIDTH, mode="mean", padding_idx=PADDING)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed `tokens` `[B, 16, 24]` from `tokenize`."""
        vectors: Tensor = self.embedding(tokens.flatten(0, 1))
        return torch.unflatten(vectors, 0, tokens.shape[:2])

    def knows(self, prompt: str) -> bool:
        """Every prompt is read at once."""
        return True

    def release(self) -> None:
        """Nothing is held that could be had again."""

    def read(self, prompt: str) -> Tensor:
        """One prompt, `[1, 16, 64]`."""
        vectors: Tensor = self(tokenize(prompt)[None].to(self.embedding.weight.device))
        return vectors
