"""`media.microphone`: a microphone of this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from livegraph import Audio, Frame, Gap, InputError, NodeError, Out, Param, Source

if TYPE_CHECKING:
    from livegraph_media.ffmpeg import InputContainer
    from livegraph_media.hearing import LiveSound

    Opener = Callable[[str, int], InputContainer]


class Microphone(Source):
    """The sound of a microphone: 48 kHz, in blocks of 20 ms, each at the moment at which it was heard.

    The card's clock is not the run's: the difference is taken out by resampling, by 0.1 % at most. One that vanishes is
    looked for twice a second, and is silent meanwhile; the first block after its return, as after any loss, is a
    discontinuity. Where there is none at the start, silence or a tone takes its place.
    """

    audio: Out[Audio] = Out(doc="48 kHz, in blocks of 20 ms")
    device: str = Param(
        "auto",
        remote=False,
        doc="auto: the system's own choice; a card's number; a name as ALSA (pulse:NAME) or macOS has it",
    )
    channels: int = Param(2, ge=1, le=8, doc="how many to give; what the microphone has is mixed into them")
    gain_db: float = Param(0.0, ge=-60, le=60, unit="dB", live=True, doc="louder or softer; full scale is never passed")
    fallback: Literal["silence", "tone", "none"] = Param(
        "silence", doc="what to give where there is no microphone at the start; tone: a tenth of a second, every second"
    )

    opener: ClassVar[Opener | None] = None
    """How a device is opened, where not by `microphones.open_microphone`: the seam at which tests put one of theirs."""

    _live: LiveSound | None = None

    def setup(self) -> None:
        from livegraph_media.hearing import LiveSound, SoundCapture
        from livegraph_media.microphones import open_microphone

        opener = type(self).opener or open_microphone
        try:
            capture = SoundCapture(lambda: opener(self.device, self.channels), self.ctx.clock.now_ns)
        except NodeError as error:
            self._fall_back(error)
            return
        name = "the microphone" if self.device == "auto" else f"microphone {self.device}"
        self._live = LiveSound(capture, self.channels, name, self.ctx.say, self.ctx.clock.now_ns)

    def read(self) -> Frame | Gap | None:
        item = self._live.read() if self._live is not None else self._stand_in.read()
        return amplified(item, self.gain_db) if isinstance(item, Frame) and self.gain_db else item

    def teardown(self) -> None:
        if self._live is not None:
            self._live.close()

    def _fall_back(self, error: NodeError) -> None:
        from livegraph_media.stand_in_sound import StandInSound

        if self.fallback == "none":
            raise InputError(f"no microphone: {error}") from error
        self.ctx.say(f"no microphone ({error}): {self.fallback} instead")
        self._stand_in = StandInSound(self.fallback == "tone", self.channels, self.ctx.clock.now_ns)


def amplified(block: Frame, gain_db: float) -> Frame:
    """A block louder by so many decibels; what would pass full scale is cut off."""
    return block.with_data((block.data * 10 ** (gain_db / 20)).clip(-1, 1))
