"""The streaming engine on torch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegraph_wan.attention import ALONE, Crew, RollingCache
from livegraph_wan.backend import ALL, Embedding, Pass, Pictures, Reading
from livegraph_wan.denoise import windows_of
from livegraph_wan.engine import Engine
from livegraph_wan.grid import MULTIPLE
from livegraph_wan.model import Prompt
from livegraph_wan.profile import Profile
from livegraph_wan.rope import RopeTable
from livegraph_wan.wan import Wan


class TorchRunner:
    """A model's transformer at one picture size."""

    def __init__(self, model: Wan, cache: RollingCache) -> None:
        self._model, self.cache = model, cache
        self.windows = cache.windows

    def begin_block(self, rows: slice = ALL) -> None:
        self.cache.begin_block(rows)

    def velocity(self, given: Pass[Tensor], prompt: Prompt) -> Tensor:
        x = given.x
        times = torch.tensor(given.timesteps, device=x.device)[:, None].expand(-1, x.shape[2])
        return self._model.velocity(x, given.beside, times, prompt.rows(len(x)), self.cache).float()

    def likeness(self, row: int, slot: int, others: list[int]) -> Reading:
        return self.cache.likeness(row, slot, others).to("cpu", non_blocking=True)

    def swap(self, row: int, one: int, other: int) -> None:
        self.cache.swap(row, one, other)


class TorchBackend:
    """A model on a torch device, perhaps with others who compute a share of its tokens."""

    def __init__(
        self, model: Wan, profile: Profile, device: torch.device, dtype: torch.dtype, crew: Crew = ALONE
    ) -> None:
        self._model, self._crew = model.to(device, dtype).eval(), crew
        self._profile, self._device, self._dtype = profile, device, dtype
        self.rhythm = model.vae.rhythm

    def computing(self) -> AbstractContextManager[Any]:
        return torch.inference_mode()

    def knows_text(self, text: str) -> bool:
        return self._model.text.knows(text)

    def read_text(self, text: str) -> Embedding:
        embedding: Embedding = self._model.text.read(text).float().cpu().numpy()
        return embedding

    def read_prompt(self, embedding: Embedding) -> Prompt:
        return self._model.transformer.read_prompt(torch.from_numpy(embedding).to(self._device))

    def runner(self, size: tuple[int, int], rows: int) -> TorchRunner:
        config, (height, width) = self._model.transformer.config, (side // MULTIPLE for side in size)
        cache = RollingCache(
            RopeTable(config.head_dim, height, width, self._device),
            windows_of(self._profile, rows),
            layers=config.num_layers,
            tokens=height * width,
            heads=config.num_heads,
            head_dim=config.head_dim,
            device=self._device,
            dtype=self._dtype,
            crew=self._crew,
        )
        return TorchRunner(self._model, cache)

    def encode(self, frames: Pictures, state: Any) -> tuple[Tensor, Any]:
        pixels = torch.from_numpy(np.array(frames)).to(self._device, non_blocking=True)
        scaled = pixels.permute(0, 3, 1, 2).float().mul_(1 / 127.5).sub_(1)
        latents, state = self._model.vae.encode(scaled.to(self._dtype)[None], state)
        return latents.float(), state

    def decode(self, latents: Tensor, state: Any) -> tuple[Pictures, Any]:
        drawn, state = self._model.vae.decode(latents.to(self._dtype), state)
        pixels = drawn[0].float().add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy(), state

    def upload(self, noises: NDArray[np.float32]) -> Sequence[Tensor]:
        return torch.from_numpy(noises).to(self._device, non_blocking=True).unbind()

    def beside(self, source: Tensor | None) -> Tensor | None:
        return self._model.beside(source)

    def concat(self, rows: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(rows))


class Stream(Engine[Tensor, Prompt]):
    """A model on a torch device as a stream; the weights are moved there, in `dtype`."""

    def __init__(
        self,
        model: Wan,
        profile: Profile,
        *,
        device: torch.device,
        dtype: torch.dtype,
        batch: int = 0,
        crew: Crew = ALONE,
    ) -> None:
        super().__init__(TorchBackend(model, profile, device, dtype, crew), profile, batch=batch)
