"""`mqtt.signal`: a number from a broker, as a signal."""

from __future__ import annotations

from typing import Any

from livegraph import Function, Out, Param, Signal
from livegraph_mqtt.topics import PLAIN


class MqttSignal(Function):
    """The newest number at an MQTT topic: a sensor, a fader. The run's `mqtt` controller subscribes to it; as that
    has to be told its broker, the graph names it.

    Live only by nature: an offline run does not repeat it.
    """

    out: Out[Signal]
    topic: str = Param(remote=False, pattern=f"^{PLAIN}$", doc="where the number stands, without wildcards")
    path: str = Param("", remote=False, pattern=r"^[^\x00]{0,200}$", doc="where in a JSON payload: sensors.0.value")
    default: float = Param(0.0, live=True, doc="the value until a number comes")

    def setup(self) -> None:
        mqtt: Any = self.ctx.service("mqtt")
        self._board = mqtt.board

    def at(self, pts_ns: int) -> float:
        """The newest, whatever the pts."""
        number = self._board.get(self.params.topic, self.params.path)
        return float(self.params.default if number is None else number)
