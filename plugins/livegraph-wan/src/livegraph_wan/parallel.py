"""One transformer on several devices: each computes a share of every frame's tokens (context parallelism).

Rank 0 leads, the others follow. What the leader's denoiser is told is told to all, and all run the same steps on the
same numbers, each on its share of the tokens. Keys and values are exchanged once per layer, so that every rank's cache
is whole and each query sees all of it; nothing else travels between them but a block's input and what comes out.
How followers are started and told is `crew`'s business.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from livegraph import InputError, NodeError
from livegraph_wan.denoise import Block, Denoiser
from livegraph_wan.grid import MULTIPLE
from livegraph_wan.model import Prompt, WanTransformer
from livegraph_wan.profile import Profile
from livegraph_wan.sampler import Schedule
from livegraph_wan.stream import Stream
from livegraph_wan.wan import Wan

SetLoras = Callable[[Mapping[Path, float]], None]


class Work(Protocol):
    """A collective operation under way."""

    def wait(self) -> Any: ...


class Group(Protocol):
    """What exchanges numbers between ranks: torch's ProcessGroupGloo or ProcessGroupNCCL."""

    def _allgather_base(self, out: Tensor, x: Tensor) -> Work: ...

    def broadcast(self, x: Tensor, root: int) -> Work: ...

    def abort(self) -> None: ...


class Ring:
    """All ranks of one model, as one of them sees it. A `Crew` for `attention`."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self._group: Group | None = None

    def join(self, group: Group) -> None:
        """By way of `group` the others are met from now on."""
        self._group = group

    def share(self, x: Tensor, frames: int) -> Tensor:
        """This rank's tokens of `[B, F*S, ...]`: the same part of every frame."""
        split = torch.unflatten(x, 1, (frames, self.size, -1))
        return split[:, :, self.rank].flatten(1, 2).contiguous()

    def whole(self, x: Tensor, frames: int) -> Tensor:
        """All ranks' tokens `[B, F*S, ...]`, in order."""
        parts = x.new_empty((self.size * x.shape[0], *x.shape[1:]))
        _await(self._joined._allgather_base(parts, x.contiguous()))
        split = torch.unflatten(torch.unflatten(parts, 0, (self.size, -1)), 2, (frames, -1))
        return split.movedim(0, 2).flatten(1, 3)

    def give(self, x: Tensor) -> Tensor:
        """The leader's numbers, at every rank; the others bring room for them."""
        _await(self._joined.broadcast(x, 0))
        return x

    def abort(self) -> None:
        """Wait for nobody any more; on any thread."""
        group, self._group = self._group, None
        if group is not None:
            group.abort()

    @property
    def _joined(self) -> Group:
        if self._group is None:
            raise NodeError("the processes that share the model are not connected")
        return self._group


def _await(work: Work) -> None:
    try:
        work.wait()
    except RuntimeError as error:
        raise NodeError(f"a process that shares the model does not answer: {error}") from error


def check_size(size: tuple[int, int], ranks: int) -> None:
    """`InputError` where the tokens of pictures of `size` (height, width) cannot be shared evenly."""
    tokens = size[0] // MULTIPLE * (size[1] // MULTIPLE)
    if tokens % ranks:
        raise InputError(
            f"{size[1]}x{size[0]} pictures have {tokens} tokens, which {ranks} processes cannot share evenly: "
            "choose another size or world_size"
        )


class Step(NamedTuple):
    """What the followers are told: which of a denoiser's methods, and the shapes of what comes with it."""

    method: str
    size: tuple[int, int]
    prompt: torch.Size | None = None
    """Of a new prompt's embedding."""
    image: torch.Size | None = None
    """Of what was said of the still that it was read with."""
    latents: torch.Size | None = None
    beside: torch.Size | None = None
    noises: torch.Size | None = None
    schedule: Schedule | None = None


class Strengths(NamedTuple):
    """LoRAs have other strengths from now on."""

    loras: Mapping[Path, float]


Word = Step | Strengths


class Team(Protocol):
    """The followers, as their leader sees them."""

    ring: Ring

    @property
    def gone(self) -> bool:
        """Whether nobody follows any more."""

    def together(self) -> AbstractContextManager[None]:
        """For what is done in step. Where it fails nobody follows any more; a follower's death is told as that."""

    def tell(self, word: Word) -> None:
        """A word to all of them."""


class Leader:
    """Rank 0's denoiser: whatever it does, the followers do."""

    def __init__(self, team: Team, size: tuple[int, int], denoiser: Denoiser[Tensor, Prompt]) -> None:
        self._team, self._size, self._denoiser = team, size, denoiser
        self._prompt: Prompt | None = None
        self.lag = denoiser.lag

    def step(self, block: Block[Tensor] | None, prompt: Prompt) -> Tensor | None:
        with self._team.together():
            self._tell("step", prompt, block=block)
            return self._denoiser.step(block, prompt)

    def remember(self, latents: Tensor, prompt: Prompt) -> None:
        with self._team.together():
            self._tell("remember", prompt, latents)
            self._denoiser.remember(latents, prompt)

    def recache(self, prompt: Prompt) -> None:
        with self._team.together():
            self._tell("recache", prompt)
            self._denoiser.recache(prompt)

    def forget(self) -> None:
        if not self._team.gone:  # after a failure memory is let go, by however many are left
            with self._team.together():
                self._tell("forget", None)
        self._denoiser.forget()

    def _tell(
        self,
        method: str,
        prompt: Prompt | None,
        latents: Tensor | None = None,
        block: Block[Tensor] | None = None,
    ) -> None:
        new = prompt if prompt is not self._prompt else None
        given = [None if new is None else new.text, None if new is None else new.image]
        if block is None:
            given += [latents, None, None]
        else:
            given += [block.source, block.beside, torch.stack(list(block.noises))]
        text, image, source, beside, noises = (None if tensor is None else tensor.shape for tensor in given)
        schedule = None if block is None else block.schedule
        self._team.tell(Step(method, self._size, text, image, source, beside, noises, schedule))
        for tensor in given:
            if tensor is not None:
                self._team.ring.give(tensor.float().contiguous())
        self._prompt = prompt or self._prompt


class LeadingStream(Stream):
    """A stream that others compute together with this process."""

    def __init__(
        self, model: Wan, profile: Profile, *, team: Team, device: torch.device, dtype: torch.dtype, batch: int = 0
    ) -> None:
        super().__init__(model, profile, device=device, dtype=dtype, batch=batch, crew=team.ring)
        self._team = team

    def _denoiser(self, size: tuple[int, int]) -> Denoiser[Tensor, Prompt]:
        check_size(size, self._team.ring.size)
        return Leader(self._team, size, super()._denoiser(size))


class FollowingStream(Stream):
    """The same model beside another process that leads: it paints nothing, and computes its share."""

    def __init__(
        self, model: Wan, profile: Profile, *, ring: Ring, device: torch.device, dtype: torch.dtype, batch: int = 0
    ) -> None:
        super().__init__(model, profile, device=device, dtype=dtype, batch=batch, crew=ring)
        self._ring, self._device, self._transformer = ring, device, model.transformer

    def follow(self, words: Iterator[Word], set_loras: SetLoras) -> None:
        """Do what the leader says, to the end of its words."""
        follower: Follower | None = None
        with self._backend.computing():
            for word in words:
                if isinstance(word, Strengths):
                    set_loras(word.loras)
                    continue
                if follower is None or word.size != follower.size:
                    follower = None  # what the last size needed is let go first
                    denoiser = super()._denoiser(word.size)
                    follower = Follower(self._ring, word.size, denoiser, self._transformer, self._device)
                follower.do(word)


class Follower:
    """Another rank's denoiser for pictures of one size: it does what the leader's does."""

    def __init__(
        self,
        ring: Ring,
        size: tuple[int, int],
        denoiser: Denoiser[Tensor, Prompt],
        transformer: WanTransformer,
        device: torch.device,
    ) -> None:
        self.size = size
        self._ring, self._denoiser, self._transformer, self._device = ring, denoiser, transformer, device
        self._prompt: Prompt | None = None

    def do(self, word: Step) -> None:
        text, image, latents, beside, noises = (
            None if shape is None else self._ring.give(torch.empty(shape, device=self._device))
            for shape in (word.prompt, word.image, word.latents, word.beside, word.noises)
        )
        if text is not None:
            self._prompt = self._transformer.read_prompt(text, image)
        if word.method == "forget":
            return self._denoiser.forget()
        assert self._prompt is not None
        if word.method == "recache":
            self._denoiser.recache(self._prompt)
        elif word.method == "remember" and latents is not None:
            self._denoiser.remember(latents, self._prompt)
        else:
            self._denoiser.step(_block(latents, beside, noises, word.schedule), self._prompt)


def _block(
    latents: Tensor | None, beside: Tensor | None, noises: Tensor | None, schedule: Schedule | None
) -> Block[Tensor] | None:
    return None if noises is None or schedule is None else Block(latents, noises.unbind(), schedule, beside)
