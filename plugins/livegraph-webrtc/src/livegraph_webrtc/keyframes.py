"""When the encoder that all viewers share makes a keyframe. Pure."""

from __future__ import annotations

LEAST_S = 0.5
"""The least time between two: a keyframe is large, and everybody gets it."""


class Keyframes:
    """One at first, one every `gop_s`, and one for whoever asks, but none within `least_s` of the last: those who ask
    meanwhile share the next. `ask` may come from any thread; the encoder's thread calls the rest.
    """

    def __init__(self, gop_s: float, least_s: float = LEAST_S) -> None:
        self.gop_s = gop_s
        self._least_s = least_s
        self._asked = self._answered = 0
        self._last_s: float | None = None
        self.made = 0

    def ask(self) -> None:
        self._asked += 1

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until one that was asked for may be made, 0 for now; None where nobody asks."""
        if self._asked == self._answered:
            return None
        return 0.0 if self._last_s is None else max(0.0, self._last_s + self._least_s - now_s)

    def due(self, now_s: float) -> bool:
        """Whether the picture that is encoded now shall be one."""
        return self._last_s is None or now_s - self._last_s >= self.gop_s or self.wait_s(now_s) == 0.0

    def encoding(self) -> int:
        """To be called before a picture is encoded, and its answer given to `came`: who asks later asks for another."""
        return self._asked

    def came(self, now_s: float, asked: int) -> None:
        """The picture became a keyframe."""
        self._last_s = now_s
        self._answered = asked
        self.made += 1
