"""The streaming engine: pixel frames in, pixel frames out, a chunk at a time. Knows no livegraph."""

from collections import deque
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from livegraph_wan.attention import RollingCache
from livegraph_wan.model import PATCH, Prompt
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.vae import CHANNELS, FRAMES, STRIDE, DecoderState, EncoderState
from livegraph_wan.profile import Profile
from livegraph_wan.rope import RopeTable
from livegraph_wan.sampler import clean_from, renoise, sigma_at, timesteps_for

MULTIPLE = STRIDE * PATCH
"""Pictures' sides are multiples of this."""


class _Pass(NamedTuple):
    """The last pass of a block: what the cache's keys and values were computed from."""

    x: Tensor
    source: Tensor
    timesteps: Tensor


class _Session:
    """What depends on the picture size: cache, VAE states, noise."""

    def __init__(self, model: NanoWan, profile: Profile, size: tuple[int, int], device: torch.device) -> None:
        height, width = (side // STRIDE for side in size)
        config, dtype = model.transformer.config, model.transformer.dtype
        rows, columns = height // PATCH, width // PATCH
        self.size = size
        self.noise_shape = (len(profile.timesteps), 1, CHANNELS, 1, height, width)
        self.cache = RollingCache(
            RopeTable(config.head_dim, rows, columns, device),
            layers=config.num_layers,
            shape=(1, rows * columns, config.num_heads, config.head_dim),
            window=profile.window,
            sink=profile.sink,
            block=profile.frames_per_block,
            mode=profile.rope,
            device=device,
            dtype=dtype,
        )
        self.passes: deque[_Pass] = deque(maxlen=profile.window // profile.frames_per_block)
        self.encoder: EncoderState | None = None
        self.decoder: DecoderState | None = None


class Stream:
    """Video to video with one model, four frames at a time.

    A stream is for one thread. Nothing in `step` waits for the device except the copy of its result.
    """

    def __init__(self, model: NanoWan, profile: Profile, *, device: torch.device, dtype: torch.dtype) -> None:
        self._model = model.to(device, dtype).eval()
        self._model.vae.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._profile, self._device = profile, device
        self._session: _Session | None = None
        self._noise: tuple[int, Tensor] | None = None
        self._prompt: Prompt | None = None

    @torch.inference_mode()
    def set_prompt(self, prompt: str) -> None:
        """From the next chunk on, follow `prompt`.

        What the window remembers is computed again under it (KV re-cache), so that the picture
        changes at once and whole.
        """
        self._prompt = self._model.transformer.read_prompt(self._model.text.read(prompt))
        if self._session is not None:
            self._recache(self._session, self._prompt)

    def reset(self) -> None:
        """Forget the pictures so far; prompt and buffers stay."""
        if self._session is not None:
            self._session.cache.reset()
            self._session.passes.clear()
            self._session.encoder = self._session.decoder = None

    @torch.inference_mode()
    def step(
        self, frames: NDArray[np.uint8], *, noise_scale: float | None = None, steps: int = 1, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Four frames `[4, H, W, 3]` uint8 to four, H and W multiples of 16.

        `noise_scale` (0..1) is how far from the source a chunk starts: how strong the effect is.
        The noise depends on `seed` alone and is the same for every chunk: a still picture stays still.
        """
        if self._prompt is None:
            raise RuntimeError("set_prompt comes before the first step")
        session = self._session_for(frames)
        source, session.encoder = self._model.vae.encode(self._to_device(frames), session.encoder)
        strength = self._profile.noise_scale if noise_scale is None else noise_scale
        clean = self._denoise(session, self._prompt, source.float(), strength, steps, seed)
        drawn, session.decoder = self._model.vae.decode(clean.to(source.dtype), session.decoder)
        pixels = drawn[0].float().add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def _denoise(
        self, session: _Session, prompt: Prompt, source: Tensor, strength: float, steps: int, seed: int
    ) -> Tensor:
        noises = self._noise_for(session, seed)
        session.cache.begin_block()
        clean = source
        for noise, timestep in zip(noises, timesteps_for(self._profile, strength, steps), strict=False):
            sigma = sigma_at(timestep, self._profile.shift)
            times = torch.full((1, 1), timestep, device=self._device)
            done = _Pass(renoise(clean, noise, sigma), source, times)
            clean = clean_from(done.x, self._velocity(session, prompt, done), sigma)
        session.passes.append(done)
        return clean

    def _velocity(self, session: _Session, prompt: Prompt, given: _Pass) -> Tensor:
        return self._model.velocity(given.x, given.source, given.timesteps, prompt, session.cache)

    def _recache(self, session: _Session, prompt: Prompt) -> None:
        session.cache.reset()
        for given in session.passes:
            session.cache.begin_block()
            self._velocity(session, prompt, given)

    def _session_for(self, frames: NDArray[np.uint8]) -> _Session:
        count, height, width, channels = frames.shape
        if count != FRAMES or channels != 3 or height % MULTIPLE or width % MULTIPLE:
            raise ValueError(
                f"frames {frames.shape}: expected [{FRAMES}, H, W, 3] with H and W multiples of {MULTIPLE}"
            )
        if self._session is None or self._session.size != (height, width):
            self._session = _Session(self._model, self._profile, (height, width), self._device)
            self._noise = None
        return self._session

    def _to_device(self, frames: NDArray[np.uint8]) -> Tensor:
        """`[1, 4, 3, H, W]` in -1..1."""
        pixels = torch.from_numpy(np.array(frames)).to(self._device, non_blocking=True)
        scaled = pixels.permute(0, 3, 1, 2).float().mul_(1 / 127.5).sub_(1)
        return scaled.to(self._model.transformer.dtype)[None]

    def _noise_for(self, session: _Session, seed: int) -> Tensor:
        """Noise for every step, drawn on the CPU so that all devices agree."""
        if self._noise is None or self._noise[0] != seed:
            drawn = torch.randn(session.noise_shape, generator=Generator().manual_seed(seed))
            self._noise = (seed, drawn.to(self._device))
        return self._noise[1]
