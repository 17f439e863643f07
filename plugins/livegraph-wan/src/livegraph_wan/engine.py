"""The streaming engine: pixel frames in, pixel frames out, a chunk at a time. It knows no livegraph, and no tensors."""

from collections.abc import Iterator
from typing import Any, Generic

import numpy as np

from livegraph_wan.backend import A, Backend, Drawing, Embedding, P, Pictures
from livegraph_wan.denoise import Block, Denoiser, Steps, StepsApart, StreamBatch
from livegraph_wan.grid import FRAMES, MULTIPLE
from livegraph_wan.guide import Guide
from livegraph_wan.motion import MotionAware
from livegraph_wan.noise import Noise
from livegraph_wan.profile import Profile
from livegraph_wan.prompts import Interpolation
from livegraph_wan.sampler import Schedule, from_noise, from_source
from livegraph_wan.session import Session
from livegraph_wan.stages import Promise
from livegraph_wan.still import Still


class Engine(Generic[A, P]):
    """Video from one model, a chunk of `frames` at a time: repainted, or painted from nothing.

    The nth picture that comes out is the nth that came in, `delay` pictures later: a VAE may hold some back, a stream
    batch of `batch` steps holds `batch - 1` chunks, and with `overlap` a chunk is taken up only after the next has been
    put in, so that its stages (encode, denoise, draw) run beside the other's. So the first calls give fewer, and
    `flush` the last. The pictures are the same either way.
    A stream is for one thread at a time. Nothing in `step` waits for the device except for the pictures it returns.
    """

    def __init__(self, backend: Backend[A, P], profile: Profile, *, batch: int = 0, overlap: bool = False) -> None:
        self.profile, self._backend, self._batch = profile, backend, batch
        self.frames = FRAMES * profile.frames_per_block
        """Pictures in a chunk."""
        overlap = overlap and not profile.whole_clips  # each begins from the last picture of the one before
        self._lag = int(overlap and not profile.whole_clips)  # the next clip begins with the last picture of this one
        self._line = backend.line(overlap=overlap)
        self.delay = backend.rhythm.delay + self.frames * (max(0, batch - 1) + self._lag)
        """Pictures that come in before the first comes out."""
        self.warm_ups = 1
        """Chunks after which all has happened that happens only once, such as compiling."""
        if settled := backend.settles_after(profile.window // profile.frames_per_block):
            self.warm_ups = settled + max(1, batch) + self._lag
        self._session: Session[A, P] | None = None
        self._noise = Noise(backend, profile)
        self._motion = MotionAware()
        self._guide = Guide(backend, profile.architecture.text_len)

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
            end = self._guide.meaning(prompt, how)
            self._line.put("denoise", lambda: self._turn_to(end, chunks, how)).get()

    def _turn_to(self, end: Embedding, chunks: int, how: Interpolation) -> None:
        at_once = self._guide.turn_to(end, chunks, how)
        if at_once and self._session is not None and not self.profile.whole_clips:
            self._session.denoiser.recache(self._guide.ready)

    def knows(self, text: str) -> bool:
        """Whether `set_prompt` takes this text at once, without its encoder having to run."""
        return self._backend.knows_text(text)

    def learn(self, text: str) -> None:
        """Read a text, so that it is known; on any thread, beside the stream."""
        self._backend.read_text(text)

    def read_again(self) -> None:
        """The model's weights have changed: what they make of the prompt is computed anew, from the next chunk on."""
        with self._backend.computing():
            self._guide.read_again()

    def reset(self) -> None:
        """Forget the pictures so far; prompt and buffers stay."""
        self._motion.reset()
        self._line.join()
        if self._session is not None:
            self._session.forget()

    @property
    def begun(self) -> bool:
        """Whether there are buffers of a picture size."""
        return self._session is not None

    def release(self) -> None:
        """Let go of all memory but that of weights and prompt; the next picture begins a stream."""
        self._line.join()
        self._motion.reset()
        self._session = None
        self._noise.forget()
        self._backend.free()

    def refit(self, profile: Profile, vae: Any = None) -> None:
        """Go on with another window, and perhaps with another VAE; the next picture begins a stream."""
        self.profile, before = profile, self._backend.rhythm.delay
        self._backend.refit(profile, vae)
        self.release()
        self.delay += self._backend.rhythm.delay - before

    def forget_texts(self) -> None:
        """Let go of the text encoder until a prompt comes that is not known; on any thread."""
        self._backend.release_text()

    def settle(self) -> None:
        """The show begins: what takes seconds once (compiling for another size) is done without from now on."""
        self._backend.settle()

    def step(
        self,
        frames: Pictures,
        *,
        noise_scale: float | None = None,
        steps: int | None = None,
        seed: int = 0,
        motion_aware: bool | None = None,
    ) -> Pictures:
        """A chunk `[T, H, W, 3]` uint8 repainted, T being `self.frames`, H and W multiples of 16; what comes back may
        be of chunks before it, see `delay`.

        `noise_scale` (0..1) is how far from the source it starts: how strong the effect is. With `motion_aware`, motion
        takes some of it back. None is the profile's own; a stream batch has its number of steps.
        """
        with self._backend.computing():
            session = self._session_for(frames.shape)
            wanted = self.profile.noise_scale if noise_scale is None else noise_scale
            if self.profile.motion_aware if motion_aware is None else motion_aware:
                wanted = self._motion.strength(frames, wanted)
            schedule = from_source(self.profile, wanted, self._steps(steps))
            if not session.begun and self._backend.rhythm.lead_in:
                self._lead_in(session, frames[0], schedule, seed)
            session.last, session.owed = (frames[-1], schedule, seed), session.owed + len(frames)
            self._repaint(session, frames, schedule, seed)
            return self._due(session)

    def paint(self, size: tuple[int, int], *, steps: int | None = None, seed: int = 0) -> Pictures:
        """A chunk out of nothing but the prompt, `[T, H, W, 3]`; the first of a stream may hold fewer frames.

        `size` is width and height, multiples of 16. A model that sees a still has to `begin_from` one.
        """
        with self._backend.computing():
            session = self._session_at((size[1], size[0]))
            if session.seam is not None:
                self._begin_next_clip(session, session.seam)
            if self.profile.sees_still and session.still is None:
                raise RuntimeError(f"{self.profile.name} begins from a still: begin_from comes before the first chunk")
            while len(session.coming) <= self._lag:
                self._put(session, None, from_noise(self.profile, self._steps(steps)), seed)
            return self._due(session)

    def begin_from(self, still: Pictures) -> None:
        """Let `paint` go on from a picture `[H, W, 3]` uint8: as its first picture where the model was made for that,
        else as if it had stood still there for a block.
        """
        with self._backend.computing():
            self.reset()
            session = self._session_at((still.shape[0], still.shape[1]))
            if self.profile.sees_still:
                session.still = Still(self._backend, still)
                self._see(still)
                return
            latents = self._encode(session, self._still(still))
            remember = session.denoiser.remember
            self._line.put("denoise", lambda: remember(latents.get(), self._guide.ready)).get()
            self._line.put("draw", lambda: self._drawing(session, latents.get())).get()

    def _see(self, still: Pictures) -> None:
        """Read the prompt together with what the image encoder says of a still."""
        if self.profile.architecture.image_dim:
            self._guide.see(still)
            self._line.put("denoise", self._guide.read_again).get()

    def _begin_next_clip(self, session: Session[A, P], seam: Pictures) -> None:
        """From the last picture, which is not shown again, and with other noise."""
        blocks = session.blocks
        self.begin_from(seam)
        session.blocks, session.skip = blocks, 1

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
        owed, drawn = session.owed, self._none(session)
        if session.coming:
            drawn = self._taken(session)[:owed]
        elif self._backend.rhythm.delay and session.last is not None:
            picture, schedule, seed = session.last
            session.last = None
            self._repaint(session, np.repeat(picture[None], self.frames, 0), schedule, seed)
            drawn = self._taken(session)[:owed]
        elif self._advance(session):
            drawn = self._taken(session)[:owed]
        else:
            owed = 0
        session.owed = owed - len(drawn)
        return drawn

    def _advance(self, session: Session[A, P]) -> bool:
        """Have the denoiser go on without a new block; whether that brings pictures."""
        clean = self._line.put("denoise", lambda: session.denoiser.step(None, self._guide.ready))
        if clean.get() is None:
            return False
        session.coming.append(self._line.put("draw", lambda: self._drawing(session, clean.get())))
        return True

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

    def _repaint(self, session: Session[A, P], frames: Pictures, schedule: Schedule, seed: int) -> None:
        self._put(session, self._encode(session, frames), schedule, seed)

    def _put(self, session: Session[A, P], source: Promise[A] | None, schedule: Schedule, seed: int) -> None:
        """A chunk onto the line, behind its encoding. What a stage alone touches, it touches when it runs."""
        number, line = session.blocks, self._line
        session.blocks += 1
        beside = None
        if (still := session.still) is not None:
            beside = line.put("encode", lambda: still.beside(self.profile.frames_per_block))

        def denoise() -> A | None:
            noises = self._noise.of(session.size, seed, number)
            seen = None if beside is None else beside.get()
            block = Block(None if source is None else source.get(), noises, schedule, seen)
            return session.denoiser.step(block, self._guide.step())

        clean = line.put("denoise", denoise)
        session.coming.append(line.put("draw", lambda: self._drawing(session, clean.get())))

    def _due(self, session: Session[A, P]) -> Pictures:
        """The pictures of all chunks but those that may stay on the line."""
        parts = [self._taken(session) for _ in range(len(session.coming) - self._lag)]
        return parts[0] if len(parts) == 1 else np.concatenate([self._none(session), *parts])

    def _taken(self, session: Session[A, P]) -> Pictures:
        """The pictures of the next chunk from the line, without those that nobody shall see."""
        drawing = session.coming.popleft().get()
        drawn = self._none(session) if drawing is None else drawing.pictures()
        unseen = min(session.skip, len(drawn))
        session.skip -= unseen
        session.owed = max(0, session.owed - len(drawn) + unseen)  # what is painted from nothing was never owed
        if self.profile.whole_clips:
            session.seam = drawn[-1]
        return drawn[unseen:]

    def _none(self, session: Session[A, P]) -> Pictures:
        return np.empty((0, *session.size, 3), np.uint8)

    def _encode(self, session: Session[A, P], frames: Pictures) -> Promise[A]:
        session.begun = True

        def encode() -> A:
            latents, session.encoder = self._backend.encode(frames, session.encoder)
            return latents

        return self._line.put("encode", encode)

    def _drawing(self, session: Session[A, P], clean: A | None) -> Drawing | None:
        if clean is None:
            return None
        drawing, session.decoder = self._backend.decode(clean, session.decoder)
        return drawing

    def _session_for(self, shape: tuple[int, ...]) -> Session[A, P]:
        count, height, width, channels = shape
        if count != self.frames or channels != 3 or height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"frames {shape}: expected [{self.frames}, H, W, 3] with H and W multiples of {MULTIPLE}")
        return self._session_at((height, width))

    def _session_at(self, size: tuple[int, int]) -> Session[A, P]:
        if self._session is None or self._session.size != size:
            self._line.join()
            self._session = None  # what the last size needed is let go first
            self._noise.forget()
            self._session = Session(size, self._denoiser(size))
            self._motion.reset()
        return self._session

    def _denoiser(self, size: tuple[int, int]) -> Denoiser[A, P]:
        if self._batch:
            return StreamBatch(self._backend, self.profile, size, self._batch)
        if self.profile.steps_apart:
            return StepsApart(self._backend, self.profile, size)
        return Steps(self._backend, self.profile, size)
