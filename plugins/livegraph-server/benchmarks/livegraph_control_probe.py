"""A plugin for the benchmark: a knob that each frame carries, and a screen that says when it first shows a value."""

from __future__ import annotations

import socket
import time

from livegraph import Frame, In, Node, NodeSpec, Out, Param, Sink, hookimpl
from livegraph.types import AnyPort

livegraph_api = "1"


class Knob(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    value: int = Param(0, ge=0, live=True, doc="what the frame carries")

    async def process(self, video: Frame) -> Frame:
        return video.with_data(video.data, value=self.params.value)


class Screen(Sink):
    """Presents as a window does; tells by UDP on loopback each value that it had not shown, and when."""

    presents = True
    video: In[AnyPort]
    port: int = Param(0, remote=False, doc="where it tells")

    async def setup(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._last = -1

    async def process(self, video: Frame) -> None:
        value = video.meta["value"]
        if value != self._last:
            self._last = value
            self._socket.sendto(f"{value} {time.monotonic_ns()}".encode(), ("127.0.0.1", self.params.port))

    async def teardown(self) -> None:
        self._socket.close()


@hookimpl
def livegraph_nodes() -> list[NodeSpec]:
    return [NodeSpec("probe.knob", Knob), NodeSpec("probe.screen", Screen)]
