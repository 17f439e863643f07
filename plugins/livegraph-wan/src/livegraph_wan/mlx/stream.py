"""The streaming engine on MLX."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from livegraph_wan.backend import ALL, Drawing, Embedding, Pass, Pictures
from livegraph_wan.denoise import windows_of
from livegraph_wan.engine import Engine
from livegraph_wan.grid import FRAMES, MASK_CHANNELS, MULTIPLE, STRIDE
from livegraph_wan.mlx.attention import Aim, Present, RollingCache, Slots
from livegraph_wan.mlx.model import Prompt, Times, times_of
from livegraph_wan.mlx.rope import RopeTable
from livegraph_wan.mlx.wan import Wan
from livegraph_wan.profile import Profile
from livegraph_wan.stages import InTurn, Line


class _Drawn(NamedTuple):
    pixels: mx.array

    def pictures(self) -> Pictures:
        return np.array(self.pixels)


class MlxRunner:
    """A model's transformer at one picture size.

    Every call has what it made computed at once, beside Python: work does not pile up where nobody asks for a result
    (a clean refresh), and no thread is left with arrays that only another one could compute.
    """

    def __init__(self, model: Wan, cache: RollingCache, *, compiled: bool, changing: list[Any]) -> None:
        self._config, self.cache = model.transformer.config, cache
        self.windows = cache.windows
        run = partial(_pass, model)  # not a method: the cache would live until Python looks for cycles
        self._run = mx.compile(run, inputs=changing) if compiled else run
        self._compiled, self._foreseen = compiled, set[tuple[Any, ...]]()

    def begin_block(self, rows: slice = ALL) -> None:
        self.cache.begin_block(rows)

    def velocity(self, given: Pass[mx.array], prompt: Prompt) -> mx.array:
        cache, frames = self.cache, given.x.shape[1]
        timesteps = np.array(given.timesteps)[:, None].repeat(frames, 1)
        times = times_of(timesteps, self._config.freq_dim)
        seen = given.x, given.beside, times, prompt
        self._foresee(*seen)
        velocity, cache.slots = self._run(*seen, cache.slots, cache.aim, cache.first)
        mx.async_eval(velocity, cache.slots)
        return velocity

    def _foresee(self, *seen: Any) -> None:
        """Trace the pass with a full window along with the first of its rows, and not in the middle of a show. Nothing
        is computed: nobody asks for what it would give.
        """
        rows = self.cache.first, seen[0].shape, seen[1] is None
        if self._compiled and self.cache.aim.mask is not None and rows not in self._foreseen:
            self._run(*seen, self.cache.slots, self.cache.aim._replace(mask=None), self.cache.first)
            self._foreseen.add(rows)

    def likeness(self, row: int, slot: int, others: list[int]) -> mx.array:
        likeness = self.cache.likeness(row, slot, others)
        mx.async_eval(likeness)
        return likeness

    def swap(self, row: int, one: int, other: int) -> None:
        self.cache.swap(row, one, other)
        mx.async_eval(self.cache.slots)


def _pass(
    model: Wan,
    x: mx.array,
    beside: mx.array | None,
    times: Times,
    prompt: Prompt,
    slots: Slots,
    aim: Aim,
    first: int,
) -> tuple[mx.array, Slots]:
    memory = Present(slots, aim, first)
    velocity = model.velocity(x, beside, times, prompt, memory)
    return velocity.astype(mx.float32), memory.slots


class MlxBackend:
    """A model on MLX's default device."""

    def __init__(
        self, model: Wan, profile: Profile, dtype: mx.Dtype, *, compiled: bool, changing: Sequence[Any] = ()
    ) -> None:
        model.set_dtype(dtype)
        model.compute_weights()
        self._model, self._profile, self._dtype, self._compiled = model, profile, dtype, compiled
        self._changing = list(changing)
        self._encode, self._decode = self._halves()
        self.rhythm = model.vae.rhythm

    def _halves(self) -> list[Any]:
        """Of the VAE; compiled, they hold memory of their own."""
        halves = self._model.vae.encode, self._model.vae.decode
        return [mx.compile(half) if self._compiled else half for half in halves]

    def computing(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def settles_after(self, blocks: int) -> int:
        """The VAE is traced for a stream's first chunk and for the others; passes are foreseen."""
        return int(self._compiled)

    def settle(self) -> None:
        """Tracing again, for another size, takes no longer than a chunk."""

    def line(self, *, overlap: bool) -> Line:
        """In turn: what is computed is computed beside Python anyway, and MLX orders it."""
        return InTurn()

    def knows_text(self, text: str) -> bool:
        return self._model.text.knows(text)

    def read_text(self, text: str) -> Embedding:
        return self._model.text.read(text)

    def release_text(self) -> None:
        self._model.text.release()

    def read_image(self, picture: Pictures) -> Embedding:
        if self._model.image is None:
            raise RuntimeError(f"{self._profile.name} has no image encoder")
        return self._model.image.read(picture)

    def read_prompt(self, embedding: Embedding, image: Embedding | None = None) -> Prompt:
        tokens = None if image is None else mx.array(image)
        prompt = self._model.transformer.read_prompt(mx.array(embedding), tokens)
        mx.async_eval(prompt)
        return prompt

    def runner(self, size: tuple[int, int], rows: int) -> MlxRunner:
        config, (height, width) = self._model.transformer.config, (side // MULTIPLE for side in size)
        cache = RollingCache(
            RopeTable(config.head_dim, height, width),
            windows_of(self._profile, rows),
            layers=config.num_layers,
            tokens=height * width,
            heads=config.num_heads,
            head_dim=config.head_dim,
            dtype=self._dtype,
            fixed=self._compiled,
        )
        return MlxRunner(self._model, cache, compiled=self._compiled, changing=self._changing)

    def refit(self, profile: Profile, vae: Any = None) -> None:
        self._profile = profile
        if vae is not None:
            self._model.vae = vae
            self._model.set_dtype(self._dtype)
            self._model.compute_weights()
            self.rhythm = vae.rhythm

    def free(self) -> None:
        self._encode, self._decode = self._halves()
        mx.clear_cache()

    def encode(self, frames: Pictures, state: Any) -> tuple[mx.array, Any]:
        latents, state = self._encode(self._scaled(frames)[None], state)
        latents = latents.astype(mx.float32)
        mx.async_eval(latents, state)
        return latents, state

    def _scaled(self, frames: Pictures) -> mx.array:
        """`[T, H, W, 3]` in -1..1."""
        return (mx.array(frames).astype(mx.float32) * (1 / 127.5) - 1).astype(self._dtype)

    def beside_still(self, picture: Pictures, latents: int, state: Any) -> tuple[mx.array, Any]:
        shown = self._scaled(picture[None])
        parts = [mx.zeros((1, FRAMES, *shown.shape[1:]), self._dtype)] * latents
        if state is None:
            parts[0] = mx.repeat(shown, self.rhythm.first_taken, 0)[None]
        sides = [side // STRIDE for side in shown.shape[1:3]]
        mask = np.zeros((1, latents, *sides, MASK_CHANNELS), np.float32)
        mask[:, 0] = float(state is None)
        encoded = []
        for part in parts:
            latent, state = self._encode(part, state)
            encoded.append(latent.astype(mx.float32))
        beside = mx.concatenate([mx.array(mask), mx.concatenate(encoded, 1)], -1)
        mx.async_eval(beside, state)
        return beside, state

    def decode(self, latents: mx.array, state: Any) -> tuple[Drawing, Any]:
        drawn, state = self._decode(latents.astype(self._dtype), state)
        pixels = mx.clip(mx.round((drawn[0].astype(mx.float32) + 1) * 127.5), 0, 255).astype(mx.uint8)
        mx.async_eval(pixels, state)
        return _Drawn(pixels), state

    def upload(self, noises: NDArray[np.float32]) -> Sequence[mx.array]:
        uploaded = [mx.array(noise).moveaxis(1, -1) for noise in noises]
        mx.async_eval(uploaded)
        return uploaded

    def beside(self, source: mx.array | None) -> mx.array | None:
        return self._model.beside(source)

    def concat(self, rows: Sequence[mx.array]) -> mx.array:
        return mx.concatenate(list(rows))


class Stream(Engine[mx.array, Prompt]):
    """A model on MLX's default device as a stream; its weights are put into `dtype` (quantised ones stay).

    `compiled`: whether the transformer's pass and the VAE's are traced, twice each, and then run as graphs; None does
    so on a GPU. (On a CPU MLX calls a C++ compiler for it, if there is one: that takes seconds.)

    `changing`: what of the weights is replaced while the stream runs (`LiveLoras.state`); a compiled pass takes the
    others for constants.

    The chunks of a stream batch have to be asked for by one and the same thread. Those of other streams may come from
    any, but what is compiled belongs to a thread: another one traces it anew.
    """

    def __init__(
        self,
        model: Wan,
        profile: Profile,
        *,
        dtype: mx.Dtype,
        batch: int = 0,
        compiled: bool | None = None,
        changing: Sequence[Any] = (),
        overlap: bool = False,
    ) -> None:
        if compiled is None:
            compiled = mx.default_device() == mx.Device(mx.gpu)
        backend = MlxBackend(model, profile, dtype, compiled=compiled, changing=changing)
        super().__init__(backend, profile, batch=batch, overlap=overlap)
