"""A function of tensors that is recorded once and then run again as a whole, as a CUDA graph.

What a recording reads and writes lies at fixed addresses: whoever calls has what is new copied in and gets copies out.
The copying is the same on every device; `Direct` runs the function plainly, `Recorded` through a recorder: `CudaGraphs`
on a GPU, `Rerun` where there is none, which proves everything but the capture itself.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

Tree = Any
"""Tensors, None, and tuples (also named ones) of these."""
Work = Callable[[Tree, Tree], tuple[Tree, Tree]]
"""From what is given anew and what is kept from call to call to what is made and what is kept now; where `kept` comes
back as it went in, nothing of it changed. Running it twice in a row is as running it once."""
WARM_UPS = 2
"""Runs before a capture, in which kernels are compiled and chosen and workspaces allocated."""


def leaves(tree: Tree) -> Iterator[Tensor]:
    """The tensors of a tree, in order."""
    if isinstance(tree, Tensor):
        yield tree
    elif tree is not None:
        for branch in tree:
            yield from leaves(branch)


def mapped(work: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """A tree of the same form with `work` done to every tensor."""
    if tree is None or isinstance(tree, Tensor):
        return None if tree is None else work(tree)
    branches = (mapped(work, branch) for branch in tree)
    return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)


class Replay(Protocol):
    """Runs one `Work`."""

    def __call__(self, given: Tree, kept: Tree, key: Hashable = None) -> tuple[Tree, Tree]:
        """What is made, the caller's own, and what to hand over as `kept` at the next call (and nothing older).

        `key` tells apart what the work reads besides its arguments, if that is not always in the same tensors.
        """


class Direct:
    """Calls the work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, given: Tree, kept: Tree, key: Hashable = None) -> tuple[Tree, Tree]:
        return self._work(given, kept)


class Recording(Protocol):
    """Work that can be run again on what lies in the same tensors."""

    @property
    def made(self) -> Tree:
        """Where each run leaves what it makes."""

    def replay(self) -> None: ...


class Recorder(Protocol):
    def __call__(self, run: Callable[[], Tree], finish: Callable[[], None]) -> Recording:
        """Record `run` and after it `finish`, which writes over what `run` read and may not be tried."""


class Recorded:
    """Records the work once for every form of what is given, and runs the recording.

    Where nothing is kept yet, as at the start of a stream, or where the form of what is kept is changing, it is called.
    """

    def __init__(self, work: Work, recorder: Recorder) -> None:
        self._work, self._record = work, recorder
        self._slots: Tree = None
        self._held: tuple[Tensor, ...] = ()
        self._takes: dict[Hashable, _Take] = {}

    def __call__(self, given: Tree, kept: Tree, key: Hashable = None) -> tuple[Tree, Tree]:
        if kept is None:
            return self._work(given, kept)
        self._hold(kept)
        form = key, _form(given)
        if form not in self._takes:
            made, now = self._work(given, kept)
            if _form(now) != _form(kept):
                return made, now
            self._takes[form] = self._take(given)
        take = self._takes[form]
        for slot, fresh in zip(leaves(take.given), leaves(given), strict=True):
            slot.copy_(fresh, non_blocking=True)
        take.recording.replay()
        made = mapped(torch.clone, take.recording.made)
        if not take.keeps:
            return made, kept
        self._held = tuple(leaves(self._slots))
        return made, self._slots

    def _hold(self, kept: Tree) -> None:
        """Have in the slots what is kept; what lies there already is not copied again."""
        if self._slots is None or _form(kept) != _form(self._slots):
            self._slots, self._held = mapped(torch.empty_like, kept), ()
            self._takes.clear()
        held = self._held or (None,) * sum(1 for _ in leaves(kept))
        for slot, fresh, before in zip(leaves(self._slots), leaves(kept), held, strict=True):
            if fresh is not slot and fresh is not before:
                slot.copy_(fresh, non_blocking=True)
        self._held = tuple(leaves(kept))

    def _take(self, given: Tree) -> "_Take":
        own, slots, work = mapped(torch.clone, given), self._slots, self._work
        now: Tree = None

        def run() -> Tree:
            nonlocal now
            made, now = work(own, slots)
            return made

        def finish() -> None:
            for slot, fresh in zip(leaves(slots), leaves(now), strict=True):
                if fresh is not slot:
                    slot.copy_(fresh)

        recording = self._record(run, finish)
        keeps = any(fresh is not slot for slot, fresh in zip(leaves(slots), leaves(now), strict=True))
        return _Take(own, recording, keeps)


class _Take(NamedTuple):
    given: Tree
    """What the recording reads."""
    recording: Recording
    keeps: bool
    """Whether it leaves something else in the slots."""


def _form(tree: Tree) -> Hashable:
    if tree is None or isinstance(tree, Tensor):
        return None if tree is None else (tree.shape, tree.dtype)
    return tuple(_form(branch) for branch in tree)


class Rerun:
    """Records nothing, and runs the work again."""

    def __call__(self, run: Callable[[], Tree], finish: Callable[[], None]) -> Recording:
        return _Again(run, finish)


class _Again:
    def __init__(self, run: Callable[[], Tree], finish: Callable[[], None]) -> None:
        self._run, self._finish = run, finish
        self.made = run()

    def replay(self) -> None:
        for slot, fresh in zip(leaves(self.made), leaves(self._run()), strict=True):
            slot.copy_(fresh)
        self._finish()


class CudaGraphs:
    """Captures CUDA graphs that share one pool of memory, and so may not run at the same time.

    Captured on a stream of their own after a warm-up there. Only what this thread does is watched for calls that a
    capture forbids, since other nodes go on meanwhile.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, run: Callable[[], Tree], finish: Callable[[], None]) -> Recording:
        side = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        graph = torch.cuda.CUDAGraph()
        side.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                run()
        torch.cuda.current_stream(self._device).wait_stream(side)
        with torch.cuda.graph(graph, pool=self._pool, stream=side, capture_error_mode="thread_local"):
            made = run()
            finish()
        return _Graph(made, graph)


class _Graph(NamedTuple):
    made: Tree
    graph: torch.cuda.CUDAGraph

    def replay(self) -> None:
        self.graph.replay()
