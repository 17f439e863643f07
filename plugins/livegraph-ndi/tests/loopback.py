"""Half of a graph, run by `test_real.py` in a network namespace that has nothing but loopback.

loopback.py send HEIGHT BT601|BT709 FRAMES        one colour, by ndi.out, then ends
loopback.py receive STREAM COUNT                  prints what ndi.in gave, a line of JSON per picture
loopback.py list                                  the error for a name that is not there
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

from ndi_support import PLUGINS  # noqa: E402

from livegraph import EndOfStream, Frame, In, NodeSpec, Out, Param, Sink, Source, Video, Yuv420p, hookimpl  # noqa: E402
from livegraph.testing import run_graph  # noqa: E402
from livegraph_ndi import find  # noqa: E402

RED = {"bt601": (81, 90, 240), "bt709": (63, 102, 240)}


class Red(Source):
    """Pictures of one red, in yuv420p, 30 a second."""

    out: Out[Video] = Out(formats=("yuv420p",))
    height: int = Param(480, doc="lines")
    matrix: str = Param("bt601", doc="which")
    frames: int = Param(30, doc="how many")
    paced = True

    def setup(self) -> None:
        self._made = 0

    def read(self) -> Frame | EndOfStream:
        self._made += 1
        if self._made > self.frames:
            return EndOfStream()
        y, u, v = RED[self.matrix]
        half = self.height // 2, 320
        planes = np.full((self.height, 640), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8)
        return self.frame(Yuv420p(*planes, self.matrix), self._made * 33_366_667, 33_366_667)


class Tell(Sink):
    """Print each picture's size, middle, discontinuity and duration; end after `count`."""

    video: In[Video]
    count: int = Param(20, doc="pictures")

    def setup(self) -> None:
        self._seen = 0

    def process(self, video: Frame) -> EndOfStream | None:
        height, width = video.data.shape[:2]
        middle = video.data[height // 2, width // 2].tolist()
        print(json.dumps([width, height, middle, video.discontinuity, video.duration_ns]), flush=True)
        self._seen += 1
        return EndOfStream() if self._seen >= self.count else None


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("loop.red", Red), NodeSpec("loop.tell", Tell)]


def loopback_up() -> None:
    """What `ip link set lo up` does (netdevice(7)): SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))


def main(role: str, *words: str) -> None:
    loopback_up()
    nodes: dict[str, object]
    if role == "send":
        height, matrix, frames = int(words[0]), words[1], int(words[2])
        nodes = {
            "red": {"use": "loop.red", "params": {"height": height, "matrix": matrix, "frames": frames}},
            "out": {"use": "ndi.out", "in": "red", "params": {"name": "stage"}},
        }
    else:
        find.FIND_S = 3.0 if role == "list" else 20.0
        nodes = {
            "stage": {"use": "ndi.in", "params": {"source": words[0] if words else "elsewhere"}},
            "tell": {"use": "loop.tell", "in": "stage", "params": {"count": int(words[1]) if words else 1}},
        }
    result = run_graph({"livegraph": 1, "mode": "live", "nodes": nodes}, plugins=[*PLUGINS, Plugin()])
    if result.outcome.error is not None:
        print(json.dumps(str(result.outcome.error)), flush=True)


main(*sys.argv[1:])
