"""What a plugin author writes: Node, Source, Sink, their ports and cadence, and the `@node` decorator.

    class Blend(Node):
        "Mix each frame with the one before it."
        video: In[Video]
        out: Out[Video]
        ratio: float = Param(0.3, ge=0, le=1, live=True, doc="share of the previous frame")

        def process(self, video: Frame) -> Frame: ...

    @node("acme.invert")
    def invert(video: Video, amount: float = 1.0) -> Video:
        return ...

No asyncio, no queues, no locks: `def process` runs on a thread of the node's own, `async def process` on the event
loop, one call at a time, in order.
"""

from __future__ import annotations

import builtins
import inspect
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from livegraph import params as schema
from livegraph.declare import In, InPort, Out, OutPort, declare
from livegraph.errors import PluginError
from livegraph.frame import EndOfStream, Frame, Gap
from livegraph.memory import MemoryNeed
from livegraph.types import Clock, Mode, OnError, PixelFormat, Result, Size

__all__ = ["Cadence", "Context", "Function", "In", "Node", "NodeSpec", "Out", "Sink", "Source", "node_class"]


@dataclass(frozen=True, slots=True)
class Cadence:
    """How many frames a call takes and gives, and how many frames its answer lags (`delay`: outputs for input n come
    with input n + delay, and the rest from `flush`).

    With `take` > 1, `process` gets a sequence of consecutive frames. At the end of an offline stream the last chunk is
    filled up with its last frame, and the surplus of the answer is cut off.
    """

    take: int = 1
    give: int = 1
    delay: int = 0

    def __post_init__(self) -> None:
        if self.take < 1 or self.give < 1 or self.delay < 0:
            raise ValueError(f"{self}: take and give are at least 1, delay at least 0")


def no_service(name: str) -> Any:
    """Where there is no run, there is nothing to share."""
    raise PluginError(f"no service {name!r}: the node is not part of a run")


@dataclass(slots=True)
class Context:
    """What the runtime tells a node before `setup`; `self.ctx`.

    `formats`: port -> the pixel format that the plan chose. `wired`: the ports, in and out, that have a wire; what
    nobody listens to need not be made. `size_hint`: for a source, the size that nodes downstream prefer. `fps_hint`:
    the rate of the lead source where it is known. `seed`: differs per node, equal from run to run.
    `say`: tells the person at the terminal one line ("no camera: using the test scene").
    `stopping()`: true once the run wants to end; a source that waits looks at it. `cpu`: `--cpu` was given.
    `service(name)`: what nodes of one run share, such as its HTTP server (`web`); see the hook `livegraph_services`.
    """

    node_id: str
    mode: Mode
    clock: Clock
    seed: int = 0
    cpu: bool = False
    formats: Mapping[str, PixelFormat] = field(default_factory=dict)
    wired: Collection[str] = ()
    size_hint: Size | None = None
    fps_hint: float | None = None
    say: Callable[[str], None] = lambda text: None
    stopping: Callable[[], bool] = lambda: False
    service: Callable[[str], Any] = no_service
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("livegraph.node"))
    end_pts_ns: int = 0
    """At `flush` and `teardown`: the stream's end, so that a last picture may stay until then."""


class Node:
    """A step of a graph: frames in, frames out. Subclass it, declare ports and parameters, write `process`.

    The lifecycle, all on the thread that runs `process`: `setup` (open, load), `warm_up` (compile, first run; the gate
    opens when every node is warm), `process` per frame, `reset` before a frame that follows a jump in time, `flush`
    at the end of the stream (and before a jump or a rebuild, while `delay` holds frames back), `teardown` always. After
    an error or a changed rebuild parameter a new object is made.
    """

    inputs: ClassVar[Mapping[str, InPort]] = {}
    outputs: ClassVar[Mapping[str, OutPort]] = {}
    Params: ClassVar[builtins.type[schema.Params]] = schema.Params
    cadence: ClassVar[Cadence] = Cadence()
    on_error: ClassVar[OnError | None] = None
    """The policy where the graph does not say: None means `restart` live and `stop` offline."""
    timeout: ClassVar[float] = 10.0
    """Seconds after which a call counts as hung (warming does not count)."""

    ctx: Context
    params: Any
    """The frozen snapshot for the current call; `self.ratio` reads `self.params.ratio`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare(cls)

    def __init__(self, params: schema.Params | None = None, ctx: Context | None = None) -> None:
        """Made by the runtime; in a unit test, `Blend(Blend.Params(ratio=0.5))` is enough to call `process`."""
        self.params = params if params is not None else type(self).Params()
        if ctx is not None:
            self.ctx = ctx

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        """The cadence, where it depends on parameters. Asked for again when the node is rebuilt with others."""
        return cls.cadence

    @classmethod
    def preferred_size(cls, params: Any) -> Size | None:
        """The picture size that the node works best at; a source with `size: auto` asks for it."""
        return None

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        """The size of what comes out where the node changes it (a resize); None: as it came in."""
        return None

    @classmethod
    def memory_for(cls, params: Any, size: Size | None) -> Sequence[MemoryNeed]:
        """What the node will hold in memory, by formula, where that is worth knowing before it runs. `size` is that of
        the pictures that reach it (of a source: that it is asked for), as far as the plan knows.
        """
        return ()

    @classmethod
    def ladder_for(cls, params: Any) -> Sequence[Mapping[str, Any]]:
        """Ways to run with less work than `params`, each less than the one before: the values that differ from them.
        Adaptive quality steps down along these, and back. `live` parameters first: a rung that rebuilds the node stops
        the picture while it loads. Asked for on the event loop: look at nothing but `params`.
        """
        return ()

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        """Why the node cannot run on this machine (no display, no such device), else None. A sink that cannot is left
        out, and said so, where another sink remains.
        """
        return None

    def setup(self) -> Any:
        """Open files and devices, load models. May be `async def` where `process` is."""

    def warm_up(self) -> Any:
        """Do once, before the gate opens, what makes a first call slow."""

    def process(self, *args: Any, **inputs: Any) -> Result | Any:
        """Called by port name with a `Frame` per input (a sequence of them where `cadence.take` > 1; None for an
        optional input that is absent).

        Returns a `Frame`; or a bare payload, which gets the primary's pts; or None or a `Gap` (a skip: nothing for this
        pts); with `cadence.give` > 1 a sequence of these; with several outputs a mapping from port name. An exception
        is handled by the node's `on_error`.
        """
        raise NotImplementedError(f"{type(self).__name__}.process")

    def reset(self) -> Any:
        """Forget the past: the next frame does not follow the last one."""

    def flush(self) -> Result | Any:
        """What `delay` still holds back, as `process` would return it."""
        return None

    def teardown(self) -> Any:
        """Close everything; called also after errors."""

    def status(self) -> Mapping[str, Any]:
        """What the node says of itself in the statistics, in JSON's types: a backend, the state of a connection. Asked
        for a few times a second while it is up, and before `teardown`, on another thread than its calls run on: give
        what lies ready.
        """
        return {}


class Source(Node):
    """Where frames come from. Write `read`; override `is_live` where the frames wait for nobody's asking."""

    paced: bool = False
    """Frames can be had at any speed (a file, a drawn scene): on a live run the runtime releases each at its pts."""

    @classmethod
    def is_live(cls, params: Any) -> bool:
        """Whether time passes by itself here (a camera): decides `mode: auto`."""
        return True

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        """The nominal rate, where it is known before opening."""
        return None

    def read(self) -> Frame | Gap | EndOfStream | Mapping[str, Frame | Gap] | Any | None:
        """The next frame (`self.frame(...)` makes it); None where there is nothing yet; `EndOfStream()` at the end. May
        block, for less than `timeout`; a mapping from port name where there are several outputs: live, what one read
        gives enters together or not at all, but for `Audio`, which is never held up. All ports tell pts by one clock.
        A Gap at a port promises that no frame of it follows at or before its pts: else nodes that merge wait for one.
        """
        raise NotImplementedError(f"{type(self).__name__}.read")

    def frame(self, data: Any, pts_ns: int, duration_ns: int = 0, **meta: Any) -> Frame:
        """A Frame captured now; the runtime counts `seq`."""
        return Frame(pts_ns, 0, duration_ns, self.ctx.clock.now_ns(), data, meta)


class Sink(Node):
    """Where frames leave. `process` returns nothing."""

    presents: ClassVar[bool] = False
    """Shown to a person as it happens (a window): called at each frame's presentation time, evenly spaced."""
    records: ClassVar[bool] = False
    """Keeps rather than shows: beside a sink that shows, its branch holds no credit and may lag a little."""
    on_page: ClassVar[bool] = False
    """Its pictures are on the run's web page by themselves: `--serve` then adds no preview to the graph."""


class Function(Node):
    """A signal that is computed, not streamed (`core.lfo`): evaluated at the pts of whoever reads it.

    It has no frames, no gate, no say in `mode` and no end of its own. It is set up once; after that every node that
    reads it has a copy (`copy.copy`), so what it assigns to itself in `at` stays with that reader. `setup` and
    `teardown` may block, `at` runs on the event loop and may not. Where frames come to an input (a streamed `Signal`,
    such as a level of sound) it is a node that answers each of them.
    """

    def at(self, pts_ns: int, *args: Any, **inputs: Any) -> float:
        """The value at a moment, given those of the inputs that are connected. A reader asks with rising pts, and at
        each moment at which a parameter changes as well: so state may be kept, of what was asked and nothing else.
        """
        raise NotImplementedError(f"{type(self).__name__}.at")

    def process(self, *args: Any, **inputs: Frame | None) -> float:
        """Where frames come to it: the value at each. The primary's frame comes first."""
        values = {port: None if frame is None else frame.data for port, frame in inputs.items()}
        pulse = next(frame for frame in inputs.values() if frame is not None)
        return self.at(pulse.pts_ns, **values)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node type as a plugin lists it, without importing it.

    `target` is `"package.module:Name"` (a Node class, or a function decorated with `@node`), or the object itself.
    """

    type: str
    target: str | builtins.type[Node] | Callable[..., Any]
    summary: str = ""

    @classmethod
    def of(cls, function: Callable[..., Any]) -> NodeSpec:
        """The spec of a function decorated with `@node`."""
        return cls(function.__livegraph_type__, function, inspect.getdoc(function) or "")  # type: ignore[attr-defined]


def node_class(target: object) -> type[Node]:
    """The Node class behind what a spec points to."""
    target = getattr(target, "__livegraph_node__", target)
    if isinstance(target, type) and issubclass(target, Node):
        return target
    raise PluginError(f"{target!r} is neither a Node class nor a function decorated with @node")
