"""What a stream follows: the prompt as its transformer reads it, which may be on its way to another."""

from typing import Generic

import numpy as np

from livegraph_wan.backend import A, Backend, Embedding, P, Pictures
from livegraph_wan.prompts import Interpolation, Transition, blend, parse


class Guide(Generic[A, P]):
    """The present prompt of one stream, read together with the still that the stream began from, if the model reads
    one. `turn_to`, `read_again` and `step` are for the stage that denoises.
    """

    def __init__(self, backend: Backend[A, P], text_len: int) -> None:
        """`text_len`: how long the model wants its embeddings."""
        self._backend, self._text_len = backend, text_len
        self._prompt: P | None = None
        self._embedding: Embedding | None = None
        self._image: Embedding | None = None
        self._transition: Transition | None = None

    def meaning(self, prompt: str, how: Interpolation) -> Embedding:
        """What the text encoder says of a prompt, a text or several in weights."""
        parts = parse(prompt)
        texts = [self._padded(self._backend.read_text(part.text)) for part in parts]
        return blend(texts, [part.weight for part in parts], how)

    def turn_to(self, end: Embedding, chunks: int, how: Interpolation) -> bool:
        """Follow another prompt, over so many chunks if there is one to come from. Whether it is followed at once."""
        if chunks and self._embedding is not None:
            self._transition = Transition(self._embedding, end, chunks, how)
            return False
        self._transition = None
        self._follow(end)
        return True

    def see(self, still: Pictures) -> None:
        """From the next `read_again` on, read the prompt with what the image encoder says of a still."""
        self._image = self._backend.read_image(still)

    def read_again(self) -> None:
        """Compute anew what the transformer makes of the present prompt, if there is one."""
        if self._embedding is not None:
            self._follow(self._embedding)

    def step(self) -> P:
        """The prompt of the next chunk."""
        if self._transition is not None:
            self._follow(self._transition.step())
            if self._transition.over:
                self._transition = None
        return self.ready

    @property
    def ready(self) -> P:
        """As it is now."""
        if self._prompt is None:
            raise RuntimeError("set_prompt comes before the first chunk")
        return self._prompt

    def _follow(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._prompt = self._backend.read_prompt(embedding, self._image)

    def _padded(self, embedding: Embedding) -> Embedding:
        """Filled up to the model's length, so that prompts of any lengths can be mixed."""
        missing = self._text_len - embedding.shape[1]
        return np.pad(embedding, ((0, 0), (0, max(0, missing)), (0, 0)))
