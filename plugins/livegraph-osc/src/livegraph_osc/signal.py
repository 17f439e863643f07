"""`osc.signal`: a number that comes by OSC, as a signal."""

from __future__ import annotations

from typing import Any

from livegraph import Function, Out, Param, Signal


class OscSignal(Function):
    """The newest number at an OSC address, such as a fader's. The run's `osc` controller receives it, and is started
    with its defaults where the graph does not name it.

    Live only by nature: an offline run does not repeat it.
    """

    out: Out[Signal]
    address: str = Param(
        remote=False, pattern=r"^/[^\x00#\s]{1,255}$", doc="such as /1/fader1; may be a pattern: /*/fader1"
    )
    low: float = Param(0.0, live=True, doc="what a 0 that comes in stands for")
    high: float = Param(1.0, live=True, doc="what a 1 that comes in stands for")
    default: float = Param(0.0, live=True, doc="the value until a number comes")

    def setup(self) -> None:
        osc: Any = self.ctx.service("osc")
        self._board = osc.board

    def at(self, pts_ns: int) -> float:
        """The newest, whatever the pts."""
        number = self._board.get(self.params.address)
        if number is None:
            return float(self.params.default)
        return float(self.params.low + (self.params.high - self.params.low) * number)
