"""A stream that goes on with less when memory runs out.

Whatever ran out of memory, at load, while warming or in the middle of the show: all that can be freed is, and then the
stream steps down (see `thrift`) and does the same work again. What comes out keeps its size, and comes when it would
have come: fewer pixels are enlarged, and where the stream had to begin anew the last picture stands still meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from livegraph import DeviceMemoryError, MemoryPlace, readable, room_of
from livegraph_wan import cost
from livegraph_wan.backend import Pictures
from livegraph_wan.engine import Engine
from livegraph_wan.exhaustion import ran_out
from livegraph_wan.load import Loaded
from livegraph_wan.memory import Setting
from livegraph_wan.owed import Owed
from livegraph_wan.profile import VaeName
from livegraph_wan.prompts import Interpolation, parse
from livegraph_wan.resize import resized
from livegraph_wan.rhythm import RHYTHMS
from livegraph_wan.thrift import Way, advice, fits, fitting, parts_said, room_said, size_said

T = TypeVar("T")
ENCODER_BYTES = 2 * cost.text_encoder_parameters()
"""UMT5-XXL, in bf16."""
SCARCE = 1 / 4
"""Share of the RAM below which the text encoder is freed as soon as it has read."""


@dataclass(frozen=True)
class Means:
    """Where a stream runs, and what it may do when memory runs out."""

    place: MemoryPlace
    device: str
    """As a person would call it: `torch-cuda`."""
    say: Callable[[str], None]
    may_step_down: bool
    taehv: bool
    """Whether TAEHV is here."""


class FrugalStream:
    """An engine, loaded by `load`, with the engine's own methods; for one thread, but `knows` and `learn`.

    Raises `DeviceMemoryError` with the figures where nothing is left to step down to, or it may not.
    """

    def __init__(self, load: Callable[[VaeName], Loaded], setting: Setting, means: Means) -> None:
        self._load, self._means = load, means
        self._setting = setting
        self._loaded: Loaded | None = None
        self._tried_again = False
        self._foresee(setting.total)
        self._survive(lambda: self._engine)
        self.profile, self.frames = setting.profile, self._engine.frames
        loaded_late = self._engine.delay - RHYTHMS[self._vae].delay
        self._owed = Owed(loaded_late + RHYTHMS[setting.vae].delay)
        self._seam: Pictures | None = None
        self._recent: list[Pictures] = []
        """The chunks that came in last, as large as they came."""

    @property
    def loaded(self) -> Loaded:
        """With what may change while it runs."""
        assert self._loaded is not None
        return self._loaded

    @property
    def warm_ups(self) -> int:
        """See `Engine.warm_ups`."""
        return self._engine.warm_ups

    def settle(self) -> None:
        """See `Engine.settle`."""
        self._engine.settle()

    @property
    def setting(self) -> Setting:
        """As it is now."""
        return self._setting

    def set_prompt(self, prompt: str, *, chunks: int = 0, how: Interpolation = "linear") -> None:
        """See `Engine.set_prompt`."""
        for part in parse(prompt):
            self.learn(part.text)
        self._survive(lambda: self._engine.set_prompt(prompt, chunks=chunks, how=how))

    def knows(self, text: str) -> bool:
        """See `Engine.knows`."""
        return self.loaded.stream.knows(text)

    def learn(self, text: str) -> None:
        """See `Engine.learn`. The encoder's memory is the RAM, whatever computes the stream: where that is scarce it is
        freed at once.
        """
        stream = self.loaded.stream
        if stream.knows(text):
            return
        try:
            stream.learn(text)
        except Exception as error:
            if not ran_out(error):
                raise
            told = str(error)
        else:
            room = room_of("ram")
            if room is not None and room.free < SCARCE * room.total:
                stream.forget_texts()
            return
        stream.forget_texts()
        raise DeviceMemoryError(
            f"the text encoder, {readable(ENCODER_BYTES)}, does not fit into RAM{room_said(room_of('ram'))}: a prompt "
            f"that was read before needs none ({told})"
        )

    def set_loras(self, strengths: Mapping[Path, float]) -> None:
        """See `Loaded.set_loras`."""
        work = iter((lambda: self.loaded.set_loras(strengths),))
        self._survive(lambda: next(work, self._engine.read_again)())

    def set_resolution(self, resolution: float) -> None:
        """From the next chunk on, paint this share of the sides. The stream goes on: a new one at that size is first
        shown what came last, or begins from the last picture of what is painted from nothing.
        """
        before = self._setting.painted
        self._setting = replace(self._setting, resolution=resolution)
        if self._setting.painted != before:
            self._begin_anew()

    def reset(self) -> None:
        """See `Engine.reset`."""
        self._engine.reset()
        self._owed.forget()
        self._forget()

    def step(self, frames: Pictures, **how: Any) -> Pictures:
        """See `Engine.step`."""
        size = self._sized(frames.shape[2], frames.shape[1])
        painted = self._survive(lambda: self._repaint(frames, **how))
        self._recent = [*self._recent, frames][-self._led_in_by :]
        return self._owed.settle(resized(painted, size), frames)

    def flush(self) -> Iterator[Pictures]:
        """See `Engine.flush`. What memory does not suffice for stands still."""
        try:
            for part in self._engine.flush():
                yield self._owed.last_ones(resized(part, self._setting.size))
        except Exception as error:
            if not ran_out(error):
                raise
        rest = self._owed.rest()
        if len(rest):
            yield rest

    def paint(self, size: tuple[int, int], **how: Any) -> Pictures:
        """See `Engine.paint`. A stream that had to begin anew goes on from the last picture."""
        self._sized(*size)
        painted = resized(self._survive(lambda: self._paint(**how)), size)
        if len(painted):
            self._seam = painted[-1]
        return painted

    def begin_from(self, still: Pictures) -> None:
        """See `Engine.begin_from`."""
        self._sized(still.shape[1], still.shape[0])
        self._seam = still
        self._survive(self._begin)

    def _repaint(self, frames: Pictures, **how: Any) -> Pictures:
        engine, size = self._engine, self._setting.painted
        if not engine.begun:
            for chunk in self._recent:  # what it gives for these has been seen
                engine.step(resized(chunk, size), **how)
        return engine.step(resized(frames, size), **how)

    @property
    def _led_in_by(self) -> int:
        """How many chunks a stream is shown that goes on from another: all whose pictures are still to come, and one,
        by which it looks as if it had always been there (a model with a memory of its own forgets a little).
        """
        return 1 + -(-self._engine.delay // self.frames)

    def _paint(self, **how: Any) -> Pictures:
        if not self._engine.begun and self._seam is not None:
            self._begin()
        return self._engine.paint(self._setting.painted, **how)

    def _begin(self) -> None:
        assert self._seam is not None
        self._engine.begin_from(resized(self._seam[None], self._setting.painted)[0])

    @property
    def _engine(self) -> Engine[Any, Any]:
        """Loaded, and as the setting has it."""
        wanted = self._setting
        if self._loaded is None:
            self._loaded = self._load(wanted.vae)
            self._vae = wanted.vae
        stream = self._loaded.stream
        if self._vae != wanted.vae:
            stream.refit(wanted.profile, self._loaded.load_vae(wanted.vae))
            self._vae = wanted.vae
        elif stream.profile.window != wanted.profile.window:
            stream.refit(wanted.profile)
        return stream

    def _sized(self, width: int, height: int) -> tuple[int, int]:
        """Pictures of this size are wanted from now on."""
        size = width, height
        if size != self._setting.size:
            self._setting = replace(self._setting, size=size)
            self._forget()
            self._begin_anew()
        return size

    def _begin_anew(self) -> None:
        """The setting is another: the next chunk begins a stream."""
        self._tried_again = False
        self.loaded.stream.release()
        self._foresee(self._setting.beside_weights)

    def _forget(self) -> None:
        """What comes does not go on from what was."""
        self._seam, self._recent = None, []

    def _foresee(self, needed: int) -> None:
        """Step down before RAM runs out: a system that runs out of it seldom says so, it ends the process."""
        room = room_of("ram") if self._means.place == "ram" else None
        if room is None or fits(needed, room.free) or not self._means.may_step_down:
            return
        ways = fitting(self._setting, room.free - needed + self._setting.beside_weights, taehv=self._means.taehv)
        if ways:
            self._step_down(ways, f"{readable(needed)} needed{room_said(room)}")

    def _survive(self, work: Callable[[], T]) -> T:
        """Do it, with less and less."""
        while True:
            try:
                return work()
            except Exception as error:
                if not ran_out(error):
                    raise
                told = str(error) or type(error).__name__
            self._ran_out(told)  # out here, where the error no longer holds what was half done

    def _ran_out(self, told: str) -> None:
        """Free all, and make the setting one that is worth another try. `DeviceMemoryError` where there is none."""
        means, before = self._means, self._setting
        self._free()
        room = room_of(means.place)
        needed = before.beside_weights if self._loaded is not None else before.total
        figures = f"out of memory on {means.device}: {readable(needed)} needed at {size_said(before)}{room_said(room)}"
        enough = room is not None and fits(needed, room.free)
        if enough and not self._tried_again and means.may_step_down:
            self._tried_again = True
            means.say(f"{figures}: once more, with all freed")
            return
        ways = fitting(before, room.free if room and not enough else None, taehv=means.taehv)
        helps = self._loaded is not None or any(way.kind == "vae" for way in ways)  # weights are what they are
        if not ways or not helps or not means.may_step_down:
            parts, instead = parts_said(before), advice(before, ways)
            raise DeviceMemoryError(f"{before.profile.name}: {figures} ({parts}){instead}: {told}")
        self._step_down(ways, figures)

    def _free(self) -> None:
        self._recent = []  # there is no room to look back
        gc.collect()  # what the error's frames held, in circles too
        if self._loaded is not None:
            self._loaded.stream.forget_texts()
            self._loaded.stream.release()
            return
        if self._means.place == "gpu":
            torch.cuda.empty_cache()

    def _step_down(self, ways: list[Way], why: str) -> None:
        self._setting = ways[-1].setting
        changes = ", ".join({way.kind: way.said for way in ways}.values())  # of each kind the last
        self._means.say(f"{why}; going on with {changes}: {readable(self._setting.beside_weights)}")
