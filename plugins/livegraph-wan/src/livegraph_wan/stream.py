"""The streaming engine on torch."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegraph_wan.attention import ALONE, Crew, RollingCache
from livegraph_wan.backend import ALL, Embedding, Pass, Pictures
from livegraph_wan.capture import CudaGraphs, Direct, Recorded, Recorder, Replay, Tree, Work
from livegraph_wan.compiled import Compiled, CompiledWork, compile_blocks
from livegraph_wan.denoise import windows_of
from livegraph_wan.device import fast_kernels, give_back, share_threads
from livegraph_wan.engine import Engine
from livegraph_wan.grid import FRAMES, MASK_CHANNELS, MULTIPLE, STRIDE
from livegraph_wan.model import Prompt
from livegraph_wan.profile import Profile
from livegraph_wan.rope import RopeTable
from livegraph_wan.stages import InTurn, Line, Threads
from livegraph_wan.streams import Streams
from livegraph_wan.transfer import Arrival, upload
from livegraph_wan.wan import Wan

PORTION = 3
"""Latent frames that are decoded at once."""

MakeReplay = Callable[[Work], Replay]


class TorchRunner:
    """A model's transformer at one picture size."""

    def __init__(self, model: Wan, cache: RollingCache, replay: MakeReplay) -> None:
        def compute(given: Tree, prompt: Prompt) -> tuple[Tensor, Prompt]:
            x, beside, timesteps = given
            return model.velocity(x, beside, timesteps, prompt.rows(len(x)), cache).float(), prompt

        self.cache, self.windows = cache, cache.windows
        self._rows = range(len(cache.windows))
        self._compute = compute  # no method: in a circle with its own recording the cache would outlast its last use
        self._pass = replay(compute)

    def begin_block(self, rows: slice = ALL) -> None:
        self._rows = range(len(self.windows))[rows]
        self.cache.begin_block(rows)

    def velocity(self, given: Pass[Tensor], prompt: Prompt) -> Tensor:
        timesteps = np.array(given.timesteps, np.float32)[:, None].repeat(given.x.shape[2], 1)
        inputs = given.x, given.beside, upload(timesteps, given.x.device)
        velocity: Tensor = self._pass(inputs, prompt, (self._rows, self.cache.masked))[0]
        return velocity

    def likeness(self, row: int, slot: int, others: list[int]) -> Arrival:
        return Arrival(self.cache.likeness(row, slot, others))

    def swap(self, row: int, one: int, other: int) -> None:
        self.cache.swap(row, one, other)


class TorchBackend:
    """A model on a torch device, perhaps with others who compute a share of its tokens.

    `compiler`: one of torch's (`inductor`), for the transformer's blocks and the VAE. `recorder`: passes of all three
    stages are recorded and replayed; a new one is asked for wherever recordings may run beside others. A crew, whose
    members wait for each other amid a pass, has neither.
    """

    def __init__(
        self,
        model: Wan,
        profile: Profile,
        device: torch.device,
        dtype: torch.dtype,
        crew: Crew = ALONE,
        *,
        compiler: str | None = None,
        recorder: Callable[[], Recorder] | None = None,
    ) -> None:
        self._model, self._crew = model.to(device, dtype).eval(), crew
        self._profile, self._device, self._dtype = profile, device, dtype
        self._recorder, self._static = recorder, bool(compiler or recorder)
        self.rhythm = model.vae.rhythm
        self._encoding: Work = self._to_latents
        self._drawing: Work = self._to_pictures
        self._compiled: list[Compiled] = []
        if compiler:
            self._encoding = encoding = CompiledWork(self._to_latents, compiler)
            self._drawing = drawing = CompiledWork(self._to_pictures, compiler)
            self._compiled = [encoding, drawing, *compile_blocks(model.transformer, compiler)]
        self._encode, self._decode = self._replay(self._encoding), self._replay(self._drawing)

    def settle(self) -> None:
        """From now on what has not been compiled runs as it is."""
        for one in self._compiled:
            one.settle()

    def computing(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(torch.inference_mode())
        stack.enter_context(fast_kernels(self._device))
        return stack

    def settles_after(self, blocks: int) -> int:
        """Each number of frames in the window is recorded."""
        return blocks if self._static else 0

    def line(self, *, overlap: bool) -> Line:
        if not overlap or self._crew is not ALONE:
            return InTurn()
        if self._device.type == "cuda":
            return Streams(self._device)
        if self._device.type == "cpu":
            return Threads(self.computing, share_threads)
        return InTurn()

    def knows_text(self, text: str) -> bool:
        return self._model.text.knows(text)

    def read_text(self, text: str) -> Embedding:
        embedding: Embedding = self._model.text.read(text).float().cpu().numpy()
        return embedding

    def release_text(self) -> None:
        self._model.text.release()

    def read_image(self, picture: Pictures) -> Embedding:
        if self._model.image is None:
            raise RuntimeError(f"{self._profile.name} has no image encoder")
        features: Embedding = self._model.image.read(picture).float().cpu().numpy()
        return features

    def read_prompt(self, embedding: Embedding, image: Embedding | None = None) -> Prompt:
        tokens = None if image is None else upload(image, self._device)
        return self._model.transformer.read_prompt(upload(embedding, self._device), tokens)

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
            static=self._static,
        )
        self._encode, self._decode = self._replay(self._encoding), self._replay(self._drawing)
        return TorchRunner(self._model, cache, self._replay)

    def _replay(self, work: Work) -> Replay:
        return Direct(work) if self._recorder is None else Recorded(work, self._recorder())

    def refit(self, profile: Profile, vae: Any = None) -> None:
        self._profile = profile
        if vae is not None:
            self._model.vae = vae.to(self._device, self._dtype).eval()
            self.rhythm = self._model.vae.rhythm

    def free(self) -> None:
        self._encode, self._decode = self._replay(self._encoding), self._replay(self._drawing)
        give_back(self._device)

    def encode(self, frames: Pictures, state: Any) -> tuple[Tensor, Any]:
        return self._encode(upload(frames, self._device), state)

    def _to_latents(self, pixels: Tensor, state: Any) -> tuple[Tensor, Any]:
        latents, state = self._model.vae.encode(self._scaled(pixels)[None], state)
        return latents.float(), state

    def _scaled(self, pixels: Tensor) -> Tensor:
        """`[T, H, W, 3]` as `[T, 3, H, W]` in -1..1."""
        return pixels.permute(0, 3, 1, 2).float().mul(1 / 127.5).sub(1).to(self._dtype)

    def beside_still(self, picture: Pictures, latents: int, state: Any) -> tuple[Tensor, Any]:
        shown = self._scaled(upload(picture[None], self._device))
        nothing = torch.zeros_like(shown).expand(FRAMES, -1, -1, -1)[None]
        parts = [nothing] * latents
        if state is None:
            parts[0] = shown.expand(self.rhythm.first_taken, -1, -1, -1)[None]
        encoded = []
        sides = [side // STRIDE for side in shown.shape[2:]]
        mask = torch.zeros(1, MASK_CHANNELS, latents, *sides, device=self._device)
        mask[:, :, 0] = float(state is None)
        for part in parts:
            latent, state = self._model.vae.encode(part, state)
            encoded.append(latent.float())
        return torch.cat([mask, torch.cat(encoded, 2)], 1), state

    def decode(self, latents: Tensor, state: Any) -> tuple[Arrival, Any]:
        """Some latent frames at a time: a whole clip at once would take as much memory as the transformer."""
        pictures = []
        for part in torch.split(latents, PORTION, 2):
            pixels, state = self._decode(part, state)
            pictures.append(pixels)
        return Arrival(torch.cat(pictures) if len(pictures) > 1 else pictures[0]), state

    def _to_pictures(self, latents: Tensor, state: Any) -> tuple[Tensor, Any]:
        drawn, state = self._model.vae.decode(latents.to(self._dtype), state)
        pixels = drawn[0].float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous(), state

    def upload(self, noises: NDArray[np.float32]) -> Sequence[Tensor]:
        return upload(noises, self._device).unbind()

    def beside(self, source: Tensor | None) -> Tensor | None:
        return self._model.beside(source)

    def concat(self, rows: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(rows))


class Stream(Engine[Tensor, Prompt]):
    """A model on a torch device as a stream; the weights are moved there, in `dtype`.

    `compiled` compiles it, which takes a minute once, and on a GPU records it as CUDA graphs as well; None does so on
    a GPU, and only records where torch has no compiler for it (on Windows).
    """

    def __init__(
        self,
        model: Wan,
        profile: Profile,
        *,
        device: torch.device,
        dtype: torch.dtype,
        batch: int = 0,
        crew: Crew = ALONE,
        compiled: bool | None = None,
        overlap: bool = False,
    ) -> None:
        on_gpu = device.type == "cuda" and crew is ALONE
        recorder = (lambda: CudaGraphs(device)) if on_gpu and compiled is not False else None
        wanted = on_gpu and find_spec("triton") is not None if compiled is None else compiled and crew is ALONE
        compiler = "inductor" if wanted else None
        backend = TorchBackend(model, profile, device, dtype, crew, compiler=compiler, recorder=recorder)
        super().__init__(backend, profile, batch=batch, overlap=overlap)
