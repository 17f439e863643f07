"""The streaming engine: pixel frames in, pixel frames out, a chunk at a time. Knows no livegraph."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from livegraph_wan.denoise import Block, Denoiser, Steps, StreamBatch
from livegraph_wan.model import PATCH, Prompt
from livegraph_wan.motion import MotionAware
from livegraph_wan.profile import Profile
from livegraph_wan.prompts import Interpolation, Transition, blend, parse
from livegraph_wan.sampler import Schedule, from_noise, from_source
from livegraph_wan.wan import CHANNELS, FRAMES, STRIDE, Wan

MULTIPLE = STRIDE * PATCH
"""Pictures' sides are multiples of this."""

Pictures = NDArray[np.uint8]


class Session:
    """What depends on the picture size."""

    def __init__(self, size: tuple[int, int], block: int, denoiser: Denoiser) -> None:
        self.size = size
        self.denoiser = denoiser
        self.shape = (1, CHANNELS, block, size[0] // STRIDE, size[1] // STRIDE)
        self.forget()

    def forget(self) -> None:
        """Begin again; the buffers are kept."""
        self.denoiser.forget()
        self.encoder: Any = None
        self.decoder: Any = None
        self.shown: deque[bool] = deque()
        """Of each block on its way: whether anybody will see it."""
        self.blocks = 0


class Stream:
    """Video from one model, a chunk of `frames` at a time: repainted, or painted from nothing.

    `batch` steps at once (a stream batch): then chunks come `lag` calls later, none before, and `flush` gives the last.
    A stream is for one thread. Nothing in `step` waits for the device except the copy of its result.
    """

    def __init__(
        self, model: Wan, profile: Profile, *, device: torch.device, dtype: torch.dtype, batch: int = 0
    ) -> None:
        self._model = model.to(device, dtype).eval()
        self.profile, self._device, self._batch = profile, device, batch
        self.frames = FRAMES * profile.frames_per_block
        """Pictures in a chunk."""
        self.lag = max(0, batch - 1)
        self._session: Session | None = None
        self._noise: tuple[tuple[int, int], Tensor] | None = None
        self._motion = MotionAware()
        self._prompt: Prompt | None = None
        self._embedding: Tensor | None = None
        self._transition: Transition | None = None

    @torch.inference_mode()
    def set_prompt(self, prompt: str, *, chunks: int = 0, how: Interpolation = "linear") -> None:
        """From the next chunk on, follow `prompt`, a text or several in weights (see `prompts`).

        At once, what the window remembers is computed again under it (KV re-cache), so that the picture changes whole.
        Over `chunks` chunks the one prompt becomes the other, and what is remembered follows by itself.
        """
        parts = parse(prompt)
        texts = [self._padded(self._model.text.read(part.text)) for part in parts]
        end = blend(texts, [part.weight for part in parts], how)
        if chunks and self._embedding is not None:
            self._transition = Transition(self._embedding, end, chunks, how)
            return
        self._transition = None
        self._follow(end)
        if self._session is not None:
            self._session.denoiser.recache(self._ready)

    def reset(self) -> None:
        """Forget the pictures so far; prompt and buffers stay."""
        self._motion.reset()
        if self._session is not None:
            self._session.forget()

    @torch.inference_mode()
    def step(
        self,
        frames: Pictures,
        *,
        noise_scale: float | None = None,
        steps: int | None = None,
        seed: int = 0,
        motion_aware: bool | None = None,
    ) -> Pictures:
        """A chunk `[T, H, W, 3]` uint8 repainted, T being `self.frames`, H and W multiples of 16.

        `noise_scale` (0..1) is how far from the source it starts: how strong the effect is. With `motion_aware`, motion
        takes some of it back. None is the profile's own; a stream batch has its number of steps.
        """
        session = self._session_for(frames.shape)
        wanted = self.profile.noise_scale if noise_scale is None else noise_scale
        if self.profile.motion_aware if motion_aware is None else motion_aware:
            wanted = self._motion.strength(frames, wanted)
        schedule = from_source(self.profile, wanted, self._steps(steps))
        if session.encoder is None and self._model.vae.first != FRAMES:
            self._repaint(session, self._still(frames[0]), schedule, seed, shown=False)
        return self._repaint(session, frames, schedule, seed, shown=True)

    @torch.inference_mode()
    def paint(self, size: tuple[int, int], *, steps: int | None = None, seed: int = 0) -> Pictures:
        """A chunk out of nothing but the prompt, `[T, H, W, 3]`; the first of a stream may hold fewer frames.

        `size` is width and height, multiples of 16.
        """
        session = self._session_at((size[1], size[0]))
        return self._denoise(session, None, from_noise(self.profile, self._steps(steps)), seed, shown=True)

    @torch.inference_mode()
    def begin_from(self, still: Pictures) -> None:
        """Let `paint` go on from a picture `[H, W, 3]` uint8, as if it had stood still there for a block."""
        self.reset()
        session = self._session_at((still.shape[0], still.shape[1]))
        latents = self._encode(session, self._still(still))
        session.denoiser.remember(latents, self._ready)
        self._draw(session, latents)

    @torch.inference_mode()
    def flush(self) -> Iterator[Pictures]:
        """The chunks of a stream batch that have not come out yet."""
        while self._session is not None and self._session.shown:
            if len(drawn := self._out(self._session, self._session.denoiser.step(None, self._ready))):
                yield drawn

    def _steps(self, asked: int | None) -> int:
        return self._batch or asked or self.profile.steps

    def _still(self, picture: Pictures) -> Pictures:
        """A picture standing still for the first block of a stream, whose first latent may hold fewer frames."""
        count = self._model.vae.first + FRAMES * (self.profile.frames_per_block - 1)
        return np.repeat(picture[None], count, 0)

    def _repaint(self, session: Session, frames: Pictures, schedule: Schedule, seed: int, *, shown: bool) -> Pictures:
        return self._denoise(session, self._encode(session, frames), schedule, seed, shown=shown)

    def _denoise(
        self, session: Session, source: Tensor | None, schedule: Schedule, seed: int, *, shown: bool
    ) -> Pictures:
        block = Block(source, self._noises(session, seed), schedule)
        session.shown.append(shown)
        session.blocks += 1
        return self._out(session, session.denoiser.step(block, self._next_prompt()))

    def _out(self, session: Session, clean: Tensor | None) -> Pictures:
        if clean is None:
            return np.empty((0, *session.size, 3), np.uint8)
        drawn = self._draw(session, clean)
        return drawn if session.shown.popleft() else drawn[:0]

    def _next_prompt(self) -> Prompt:
        if self._transition is not None:
            self._follow(self._transition.step())
            if self._transition.over:
                self._transition = None
        return self._ready

    @property
    def _ready(self) -> Prompt:
        if self._prompt is None:
            raise RuntimeError("set_prompt comes before the first chunk")
        return self._prompt

    def _follow(self, embedding: Tensor) -> None:
        self._embedding = embedding
        self._prompt = self._model.transformer.read_prompt(embedding)

    def _padded(self, embedding: Tensor) -> Tensor:
        """Filled up to the model's length, so that prompts of any lengths can be mixed."""
        missing = self.profile.architecture.text_len - embedding.shape[1]
        return torch.nn.functional.pad(embedding, (0, 0, 0, max(0, missing))).to(self._device)

    def _encode(self, session: Session, frames: Pictures) -> Tensor:
        latents, session.encoder = self._model.vae.encode(self._to_device(frames), session.encoder)
        return latents.float()

    def _draw(self, session: Session, clean: Tensor) -> Pictures:
        drawn, session.decoder = self._model.vae.decode(clean.to(self._model.transformer.dtype), session.decoder)
        pixels = drawn[0].float().add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def _session_for(self, shape: tuple[int, ...]) -> Session:
        count, height, width, channels = shape
        if count != self.frames or channels != 3 or height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"frames {shape}: expected [{self.frames}, H, W, 3] with H and W multiples of {MULTIPLE}")
        return self._session_at((height, width))

    def _session_at(self, size: tuple[int, int]) -> Session:
        if self._session is None or self._session.size != size:
            self._session = Session(size, self.profile.frames_per_block, self._denoiser(size))
            self._noise = None
            self._motion.reset()
        return self._session

    def _denoiser(self, size: tuple[int, int]) -> Denoiser:
        if self._batch:
            return StreamBatch(self._model, self.profile, size, self._device, self._batch)
        return Steps(self._model, self.profile, size, self._device)

    def _to_device(self, frames: Pictures) -> Tensor:
        """`[1, T, 3, H, W]` in -1..1."""
        pixels = torch.from_numpy(np.array(frames)).to(self._device, non_blocking=True)
        scaled = pixels.permute(0, 3, 1, 2).float().mul_(1 / 127.5).sub_(1)
        return scaled.to(self._model.transformer.dtype)[None]

    def _noises(self, session: Session, seed: int) -> Tensor:
        """Noise for every step of the next block, drawn on the CPU so that all devices agree."""
        key = (seed, 0 if self.profile.noise == "fixed" else session.blocks)
        if self._noise is None or self._noise[0] != key:
            generator = Generator().manual_seed((key[1] << 32) + seed % (1 << 32))
            drawn = torch.randn(len(self.profile.timesteps) + 1, *session.shape, generator=generator)
            self._noise = (key, drawn.to(self._device, non_blocking=True))
        return self._noise[1]
