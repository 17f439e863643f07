"""Sound of a device that counts time by itself, as even blocks on the run's clock."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np

from livegraph import Frame
from livegraph_media.ffmpeg import AudioFrame, FilterGraph, NothingYet
from livegraph_media.silence import RATE
from livegraph_media.sound import Samples, samples_of
from livegraph_media.sound_clock import SECOND_NS, SoundClock
from livegraph_media.sound_track import LAYOUTS

BLOCK = 960
BLOCK_NS = BLOCK * SECOND_NS // RATE
"""What comes out: 20 ms each."""
SETTLE_NS = SECOND_NS // 2
_STEADY = "async=48:min_comp=0.003:min_hard_comp=1:flags=res"
"""swresample: what is 3 ms off is stretched by 48 samples a second (0.1 %, which nobody hears) until it fits."""
_MICROSECOND = Fraction(1, 1_000_000)


class SteadySound:
    """Takes a device's frames as they arrive, and gives 48 kHz blocks of 20 ms without a hole or an overlap: drift
    between the card's clock and the run's is taken out by resampling. Where samples were lost a hole stays, and the
    block after it is a discontinuity. Of each opening the first half second is left out: in it, its times are found.
    """

    def __init__(self, channels: int) -> None:
        self._layout = LAYOUTS[channels]
        self._blocks: deque[Frame] = deque()
        self._card: tuple[int, int] | None = None
        self._graph: FilterGraph | None = None
        self._settled_ns = 0
        self._begins_ns: int | None = None
        self._given = self._jumped = False

    def begin(self, at_ns: int) -> None:
        """From `at_ns` on blocks are wanted."""
        self._begins_ns = at_ns

    def put(self, frame: AudioFrame, arrived_ns: int, lost: bool) -> None:
        """`lost`: it does not follow the one before."""
        samples = samples_of(frame)
        if samples.shape[1] not in LAYOUTS:  # a studio's interface: its first two inputs
            samples = samples[:, :2]
        card = frame.sample_rate, samples.shape[1]
        if lost or card != self._card:
            self._open(card, arrived_ns)
        placed = self._clock.place(len(samples), arrived_ns)
        if arrived_ns < self._settled_ns or self._begins_ns is None:
            return
        if placed.jumped or self._graph is None:
            self._jumped = self._jumped or placed.jumped
            self._origin_ns, self._graph = placed.pts_ns, self._resampler(*card)
        self._resample(self._graph, samples, placed.pts_ns - self._origin_ns)

    def take(self) -> Frame | None:
        """The oldest block; None where there is none."""
        return self._blocks.popleft() if self._blocks else None

    def _open(self, card: tuple[int, int], now_ns: int) -> None:
        """What was given before, if anything was, is not followed by what comes."""
        self._jumped = self._given
        self._card, self._clock, self._graph = card, SoundClock(card[0]), None
        self._settled_ns = now_ns + SETTLE_NS

    def _resampler(self, rate: int, channels: int) -> FilterGraph:
        graph = FilterGraph()
        source = graph.add_abuffer(sample_rate=rate, format="fltp", layout=LAYOUTS[channels], time_base=_MICROSECOND)
        resample = graph.add("aresample", f"{RATE}:osf=flt:ochl={self._layout}:{_STEADY}")
        graph.link_nodes(source, resample, graph.add("abuffersink")).configure()
        graph.set_audio_frame_size(BLOCK)
        return graph

    def _resample(self, graph: FilterGraph, samples: Samples, since_ns: int) -> None:
        assert self._card is not None
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", LAYOUTS[self._card[1]])
        frame.sample_rate, frame.pts, frame.time_base = self._card[0], since_ns // 1000, _MICROSECOND
        graph.push(frame)
        while True:
            try:
                self._keep(graph.pull())
            except NothingYet:
                return

    def _keep(self, frame: object) -> None:
        """What begins too early was captured before anybody wanted it."""
        assert isinstance(frame, AudioFrame) and self._begins_ns is not None
        assert frame.pts is not None and frame.time_base is not None
        pts_ns = self._origin_ns + round(frame.pts * frame.time_base * SECOND_NS)
        if pts_ns < self._begins_ns:
            return
        self._begins_ns = pts_ns + BLOCK_NS
        self._blocks.append(
            Frame(pts_ns, 0, BLOCK_NS, pts_ns, samples_of(frame), {"rate": RATE}, discontinuity=self._jumped)
        )
        self._given, self._jumped = True, False
