"""The streaming engine: pixel frames in, pixel frames out, a chunk at a time. It knows no livegraph, and no tensors."""

from collections.abc import Iterator, Sequence
from typing import Any, Generic

import numpy as np

from livegraph_wan.backend import A, Backend, Embedding, P, Pictures
from livegraph_wan.denoise import Block, Denoiser, Steps, StreamBatch
from livegraph_wan.grid import CHANNELS, FRAMES, MULTIPLE, STRIDE
from livegraph_wan.motion import MotionAware
from livegraph_wan.profile import Profile
from livegraph_wan.prompts import Interpolation, Transition, blend, parse
from livegraph_wan.sampler import Schedule, from_noise, from_source


class Session(Generic[A, P]):
    """What depends on the picture size."""

    def __init__(self, size: tuple[int, int], denoiser: Denoiser[A, P]) -> None:
        self.size = size
        self.denoiser = denoiser
        self.forget()

    def forget(self) -> None:
        """Begin again; the buffers are kept."""
        self.denoiser.forget()
        self.encoder: Any = None
        self.decoder: Any = None
        self.blocks = 0
        self.last: tuple[Pictures, Schedule, int] | None = None
        """The last picture that came in, and how it was repainted: schedule and seed."""
        self.skip = 0
        """How many pictures are yet to come out that nobody shall see: they went before the first."""
        self.owed = 0
        """How many have come in that have not come out."""


class Engine(Generic[A, P]):
    """Video from one model, a chunk of `frames` at a time: repainted, or painted from nothing.

    The nth picture that comes out is the nth that came in, `delay` pictures later: a VAE may hold some back, and a
    stream batch of `batch` steps holds `batch - 1` chunks. So the first calls give fewer, and `flush` the last.
    A stream is for one thread at a time. Nothing in `step` waits for the device except the copy of its result.
    """

    def __init__(self, backend: Backend[A, P], profile: Profile, *, batch: int = 0) -> None:
        self.profile, self._backend, self._batch = profile, backend, batch
        self.frames = FRAMES * profile.frames_per_block
        """Pictures in a chunk."""
        self.delay = backend.rhythm.delay + self.frames * max(0, batch - 1)
        """Pictures that come in before the first comes out."""
        self._session: Session[A, P] | None = None
        self._noise: tuple[tuple[int, ...], Sequence[A]] | None = None
        self._motion = MotionAware()
        self._prompt: P | None = None
        self._embedding: Embedding | None = None
        self._transition: Transition | None = None

    @property
    def backend(self) -> Backend[A, P]:
        """What computes."""
        return self._backend

    def set_prompt(self, prompt: str, *, chunks: int = 0, how: Interpolation = "linear") -> None:
        """From the next chunk on, follow `prompt`, a text or several in weights (see `prompts`).

        At once, what the window remembers is computed again under it (KV re-cache), so that the picture changes whole.
        Over `chunks` chunks the one prompt becomes the other, and what is remembered follows by itself.
        """
        with self._backend.computing():
            parts = parse(prompt)
            texts = [self._padded(self._backend.read_text(part.text)) for part in parts]
            end = blend(texts, [part.weight for part in parts], how)
            if chunks and self._embedding is not None:
                self._transition = Transition(self._embedding, end, chunks, how)
                return
            self._transition = None
            self._follow(end)
            if self._session is not None:
                self._session.denoiser.recache(self._ready)

    def knows(self, text: str) -> bool:
        """Whether `set_prompt` takes this text at once, without its encoder having to run."""
        return self._backend.knows_text(text)

    def learn(self, text: str) -> None:
        """Read a text, so that it is known; on any thread, beside the stream."""
        self._backend.read_text(text)

    def reset(self) -> None:
        """Forget the pictures so far; prompt and buffers stay."""
        self._motion.reset()
        if self._session is not None:
            self._session.forget()

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
        with self._backend.computing():
            session = self._session_for(frames.shape)
            wanted = self.profile.noise_scale if noise_scale is None else noise_scale
            if self.profile.motion_aware if motion_aware is None else motion_aware:
                wanted = self._motion.strength(frames, wanted)
            schedule = from_source(self.profile, wanted, self._steps(steps))
            if session.encoder is None and self._backend.rhythm.lead_in:
                self._lead_in(session, frames[0], schedule, seed)
            session.last, session.owed = (frames[-1], schedule, seed), session.owed + len(frames)
            return self._repaint(session, frames, schedule, seed)

    def paint(self, size: tuple[int, int], *, steps: int | None = None, seed: int = 0) -> Pictures:
        """A chunk out of nothing but the prompt, `[T, H, W, 3]`; the first of a stream may hold fewer frames.

        `size` is width and height, multiples of 16.
        """
        with self._backend.computing():
            session = self._session_at((size[1], size[0]))
            return self._denoise(session, None, from_noise(self.profile, self._steps(steps)), seed)

    def begin_from(self, still: Pictures) -> None:
        """Let `paint` go on from a picture `[H, W, 3]` uint8, as if it had stood still there for a block."""
        with self._backend.computing():
            self.reset()
            session = self._session_at((still.shape[0], still.shape[1]))
            latents = self._encode(session, self._still(still))
            session.denoiser.remember(latents, self._ready)
            self._draw(session, latents)

    def flush(self) -> Iterator[Pictures]:
        """The pictures that have come in and not come out yet; a VAE's are drawn as if the last stood still."""
        session = self._session
        while session is not None and session.owed > 0:
            with self._backend.computing():  # not around the yield: between two chunks others run
                drawn = self._next_owed(session)
            if len(drawn):
                yield drawn

    def _next_owed(self, session: Session[A, P]) -> Pictures:
        """Some of the pictures that are owed; where nothing brings any, none is owed any more."""
        owed, drawn = session.owed, np.empty((0, *session.size, 3), np.uint8)
        if self._backend.rhythm.delay and session.last is not None:
            picture, schedule, seed = session.last
            session.last = None
            drawn = self._repaint(session, np.repeat(picture[None], self.frames, 0), schedule, seed)[:owed]
        elif (clean := session.denoiser.step(None, self._ready)) is not None:
            drawn = self._out(session, clean)[:owed]
        else:
            owed = 0
        session.owed = owed - len(drawn)
        return drawn

    def _steps(self, asked: int | None) -> int:
        return self._batch or asked or self.profile.steps

    def _still(self, picture: Pictures) -> Pictures:
        """A picture standing still for the first block of a stream."""
        count = self._backend.rhythm.first_taken + FRAMES * (self.profile.frames_per_block - 1)
        return np.repeat(picture[None], count, 0)

    def _lead_in(self, session: Session[A, P], first: Pictures, schedule: Schedule, seed: int) -> None:
        """Where a stream's first latent is unlike the others, a block of the first picture standing still goes before,
        so that chunks come back whole.
        """
        rhythm = self._backend.rhythm
        session.skip = rhythm.first_given + FRAMES * (self.profile.frames_per_block - 1) + rhythm.delay
        self._repaint(session, self._still(first), schedule, seed)

    def _repaint(self, session: Session[A, P], frames: Pictures, schedule: Schedule, seed: int) -> Pictures:
        return self._denoise(session, self._encode(session, frames), schedule, seed)

    def _denoise(self, session: Session[A, P], source: A | None, schedule: Schedule, seed: int) -> Pictures:
        block = Block(source, self._noises(session, seed), schedule)
        session.blocks += 1
        return self._out(session, session.denoiser.step(block, self._next_prompt()))

    def _out(self, session: Session[A, P], clean: A | None) -> Pictures:
        if clean is None:
            return np.empty((0, *session.size, 3), np.uint8)
        drawn = self._draw(session, clean)
        unseen = min(session.skip, len(drawn))
        session.skip -= unseen
        session.owed -= len(drawn) - unseen
        return drawn[unseen:]

    def _next_prompt(self) -> P:
        if self._transition is not None:
            self._follow(self._transition.step())
            if self._transition.over:
                self._transition = None
        return self._ready

    @property
    def _ready(self) -> P:
        if self._prompt is None:
            raise RuntimeError("set_prompt comes before the first chunk")
        return self._prompt

    def _follow(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._prompt = self._backend.read_prompt(embedding)

    def _padded(self, embedding: Embedding) -> Embedding:
        """Filled up to the model's length, so that prompts of any lengths can be mixed."""
        missing = self.profile.architecture.text_len - embedding.shape[1]
        return np.pad(embedding, ((0, 0), (0, max(0, missing)), (0, 0)))

    def _encode(self, session: Session[A, P], frames: Pictures) -> A:
        latents, session.encoder = self._backend.encode(frames, session.encoder)
        return latents

    def _draw(self, session: Session[A, P], clean: A) -> Pictures:
        drawn, session.decoder = self._backend.decode(clean, session.decoder)
        return drawn

    def _session_for(self, shape: tuple[int, ...]) -> Session[A, P]:
        count, height, width, channels = shape
        if count != self.frames or channels != 3 or height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"frames {shape}: expected [{self.frames}, H, W, 3] with H and W multiples of {MULTIPLE}")
        return self._session_at((height, width))

    def _session_at(self, size: tuple[int, int]) -> Session[A, P]:
        if self._session is None or self._session.size != size:
            self._session = Session(size, self._denoiser(size))
            self._noise = None
            self._motion.reset()
        return self._session

    def _denoiser(self, size: tuple[int, int]) -> Denoiser[A, P]:
        if self._batch:
            return StreamBatch(self._backend, self.profile, size, self._batch)
        return Steps(self._backend, self.profile, size)

    def _noises(self, session: Session[A, P], seed: int) -> Sequence[A]:
        """Noise for every step of the next block, drawn on the host so that all backends and devices agree."""
        key = (seed, 0 if self.profile.noise == "fixed" else session.blocks)
        if self._noise is None or self._noise[0] != key:
            height, width = (side // STRIDE for side in session.size)
            shape = (len(self.profile.timesteps) + 1, 1, CHANNELS, self.profile.frames_per_block, height, width)
            generator = np.random.Generator(np.random.Philox(key=[key[0] % (1 << 64), key[1]]))
            self._noise = (key, self._backend.upload(generator.standard_normal(shape, np.float32)))
        return self._noise[1]
