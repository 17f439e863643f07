"""A process of its own whose address space ends: torch really runs out, and wan-nano goes on or says why not."""

import resource
import sys
from pathlib import Path

import numpy as np
import torch

from livegraph import Context, DeviceMemoryError
from livegraph_wan.nodes.v2v import WanV2V

MEGABYTE = 1 << 20


class NoClock:
    def now_ns(self) -> int:
        return 0


def mapped() -> int:
    """Address space of this process."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def allow(more: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (mapped() + more, resource.RLIM_INFINITY))


def node(said: list[str]) -> WanV2V:
    params = WanV2V.Params(backend="torch-cpu", dtype="fp32", model="wan-nano")
    return WanV2V(params, Context("wan", "offline", NoClock(), say=said.append))


def frames(side: int):
    from livegraph import Frame

    picture = np.zeros((side, side, 3), np.uint8)
    return [Frame(pts_ns=i, seq=i, data=picture) for i in range(4)]


def middle() -> None:
    """Pictures become so large that they do not fit: they are painted smaller, and come as large as they went in."""
    said: list[str] = []
    wan = node(said)
    wan.setup()
    wan.process(frames(256))
    allow(200 * MEGABYTE)
    for _ in range(3):
        painted = wan.process(frames(768))
        assert [picture.shape for picture in painted] == [(768, 768, 3)] * 4
    assert any("painting at" in line for line in said), said
    print("\n".join(said))


def load() -> None:
    """There is no room for the weights: it says so with the figures."""
    said: list[str] = []
    node(said).setup()  # what is imported is imported
    allow(MEGABYTE)
    keep = []
    try:
        while True:
            keep.append(torch.empty(256 << 10, dtype=torch.uint8))
    except RuntimeError:
        pass
    try:
        node(said).setup()
    except DeviceMemoryError as error:
        print(error)
    else:
        raise AssertionError("there was room")


torch.set_num_threads(1)
{"middle": middle, "load": load}[sys.argv[1]]()
