"""One transformer on several devices: each computes a share of every frame's tokens (context parallelism).

Rank 0 streams; the others follow. What rank 0's denoiser is told is told to all, and all run the same steps on the same
numbers, each on its share of the tokens. Keys and values are exchanged once per layer, so that every rank's cache is
whole and each query sees all of it; nothing else is communicated but what comes out.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from livegraph_wan.denoise import Block, Denoiser
from livegraph_wan.model import Prompt
from livegraph_wan.sampler import Schedule
from livegraph_wan.wan import Wan

MakeDenoiser = Callable[[tuple[int, int]], Denoiser[Tensor, Prompt]]
"""A denoiser for pictures of a size (height, width)."""


class Ring:
    """The crew of all ranks: numbers over the default group, words over a group of CPUs."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._words = dist.new_group(backend="gloo")

    def share(self, x: Tensor, frames: int) -> Tensor:
        """This rank's tokens of `[B, F*S, ...]`: the same part of every frame."""
        if x.shape[1] // frames % self.size:
            raise ValueError(f"{x.shape[1] // frames} tokens per frame cannot be shared by {self.size} ranks evenly")
        split = torch.unflatten(x, 1, (frames, self.size, -1))
        return split[:, :, self.rank].flatten(1, 2).contiguous()

    def whole(self, x: Tensor, frames: int) -> Tensor:
        """All ranks' tokens `[B, F*S, ...]`, in order."""
        parts = [torch.empty_like(x) for _ in range(self.size)]
        dist.all_gather(parts, x.contiguous())
        return torch.stack([torch.unflatten(part, 1, (frames, -1)) for part in parts], 2).flatten(1, 3)

    def tell(self, word: "Word | None" = None) -> "Word":
        """Rank 0's word, at every rank."""
        said = [word]
        dist.broadcast_object_list(said, src=0, group=self._words)
        assert said[0] is not None
        return said[0]

    def give(self, x: Tensor) -> Tensor:
        """Rank 0's numbers, at every rank; the others bring room for them."""
        dist.broadcast(x, src=0)
        return x


class Word(NamedTuple):
    """What the followers are told: which of a denoiser's methods, and the shapes of what comes with it."""

    method: str
    size: tuple[int, int]
    prompt: torch.Size | None = None
    """Of a new prompt's embedding."""
    latents: torch.Size | None = None
    noises: torch.Size | None = None
    schedule: Schedule | None = None


class Leader:
    """Rank 0's denoiser: whatever it does, the followers do."""

    def __init__(self, ring: Ring, size: tuple[int, int], denoiser: Denoiser[Tensor, Prompt]) -> None:
        self._ring, self._size, self._denoiser = ring, size, denoiser
        self._prompt: Prompt | None = None
        self.lag = denoiser.lag

    def step(self, block: Block[Tensor] | None, prompt: Prompt) -> Tensor | None:
        source = None if block is None else block.source
        noises = () if block is None else block.noises
        self._tell("step", prompt, source, noises, None if block is None else block.schedule)
        return self._denoiser.step(block, prompt)

    def remember(self, latents: Tensor, prompt: Prompt) -> None:
        self._tell("remember", prompt, latents)
        self._denoiser.remember(latents, prompt)

    def recache(self, prompt: Prompt) -> None:
        self._tell("recache", prompt)
        self._denoiser.recache(prompt)

    def forget(self) -> None:
        self._tell("forget", None)
        self._denoiser.forget()

    def _tell(
        self,
        method: str,
        prompt: Prompt | None,
        latents: Tensor | None = None,
        noises: Sequence[Tensor] = (),
        schedule: Schedule | None = None,
    ) -> None:
        new = prompt if prompt is not self._prompt else None
        given = [None if new is None else new.text, latents, torch.stack(list(noises)) if noises else None]
        text, source, noise = (None if tensor is None else tensor.shape for tensor in given)
        self._ring.tell(Word(method, self._size, text, source, noise, schedule))
        for tensor in given:
            if tensor is not None:
                self._ring.give(tensor.float().contiguous())
        self._prompt = prompt or self._prompt


STOP = Word("stop", (0, 0))


@torch.inference_mode()
def follow(ring: Ring, model: Wan, make: MakeDenoiser, device: torch.device) -> None:
    """What the ranks beside 0 do, until they are told to stop."""
    size, prompt = (0, 0), None
    denoiser: Denoiser[Tensor, Prompt] | None = None
    while (word := ring.tell()) != STOP:
        if denoiser is None or word.size != size:
            size, denoiser = word.size, make(word.size)
        text, latents, noises = (
            None if shape is None else ring.give(torch.empty(shape, device=device))
            for shape in (word.prompt, word.latents, word.noises)
        )
        if text is not None:
            prompt = model.transformer.read_prompt(text)
        _do(denoiser, word, prompt, latents, noises)


def _do(
    denoiser: Denoiser[Tensor, Prompt],
    word: Word,
    prompt: Prompt | None,
    latents: Tensor | None,
    noises: Tensor | None,
) -> None:
    if word.method == "forget":
        return denoiser.forget()
    assert prompt is not None
    if word.method == "recache":
        denoiser.recache(prompt)
    elif word.method == "remember" and latents is not None:
        denoiser.remember(latents, prompt)
    elif noises is None or word.schedule is None:
        denoiser.step(None, prompt)
    else:
        denoiser.step(Block(latents, noises.unbind(), word.schedule), prompt)
