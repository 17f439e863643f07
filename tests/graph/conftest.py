"""Tiny nodes under the prefix `t`, and ways to load graphs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest

from livegraph import (
    Audio,
    Cadence,
    Depth,
    GraphError,
    In,
    Mask,
    Node,
    NodeSpec,
    Out,
    Param,
    Signal,
    Sink,
    Source,
    Video,
    hookimpl,
)
from livegraph.core import plugin as core
from livegraph.graph import Plan, load_plan
from livegraph.registry import Registry


class Camera(Source):
    out: Out[Video] = Out(formats=("yuv420p", "rgb24"))
    fps: float = Param(30.0, gt=0, doc="rate")
    size: str = Param("auto", doc="picture size")
    key: str = Param("", secret=True, doc="password")

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)


class File(Camera):
    paced = True

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return False


class Feed(Camera):
    """Nobody knows its rate before it opens."""

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return None


class Clip(File):
    """Sound and picture."""

    sound: Out[Audio]


class Sensor(Source):
    """Numbers from outside, at a rate nobody knows."""

    out: Out[Signal]


class Filter(Node):
    """Takes what it gets."""

    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))
    out: Out[Video] = Out(like="video")
    ratio: float = Param(0.3, ge=0, le=1, live=True, doc="share")
    count: int = Param(3, ge=1, live=True, doc="how many")
    mode: Literal["trail", "pair"] = Param("trail", live=True, doc="which way")
    taps: list[float] = Param([1.0], doc="weights")
    table: dict[str, str] = Param({}, live=True, doc="names")
    size: str | None = Param(None, doc="rebuilt with it")


class Luma(Node):
    video: In[Video] = In(formats=("gray8", "yuv420p"))
    out: Out[Video] = Out(formats=("gray8",))


class Rgb(Node):
    video: In[Video]
    out: Out[Video]


class Chunk(Rgb):
    cadence = Cadence(take=4, give=4)

    @classmethod
    def preferred_size(cls, params: Any) -> tuple[int, int] | None:
        return 256, 256


class Resize(Filter):
    @classmethod
    def output_size(cls, params: Any) -> tuple[int, int] | None:
        return 640, 360


class Lag(Filter):
    cadence = Cadence(delay=2)


class Mix(Node):
    video: In[Video] = In(formats=("yuv420p", "rgb24"))
    other: In[Video] = In(formats=("yuv420p", "rgb24"))
    out: Out[Video] = Out(like="video")
    strength: float = Param(0.5, ge=0, le=1, live=True, doc="of the other")


class Echo(Node):
    video: In[Video] = In(formats=("yuv420p", "rgb24"))
    previous: In[Video] = In(formats=("yuv420p", "rgb24"), optional=True)
    out: Out[Video] = Out(like="video")


class Strict(Echo):
    previous: In[Video] = In(formats=("yuv420p", "rgb24"))


class StrictChunk(Echo):
    cadence = Cadence(take=4, give=4)


class Style(Node):
    video: In[Video]
    style: In[Video] = In(join="hold", optional=True, max_age=2.0)
    depth: In[Depth] = In(join="nearest", optional=True, tolerance=0.1)
    energy: In[Signal] = In(optional=True)
    out: Out[Video]
    fixed: float = Param(0.5, doc="rebuild")


class ToDepth(Node):
    video: In[Video]
    out: Out[Depth]


class Split(Node):
    video: In[Video] = In(formats=("yuv420p", "rgb24"))
    picture: Out[Video] = Out(like="video")
    mask: Out[Mask]


class Quieten(Node):
    sound: In[Audio]
    out: Out[Audio]


class Level(Node):
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))
    out: Out[Signal]


class Show(Sink):
    video: In[Video]
    presents = True


class Preview(Show):
    """A window without a display."""

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return "no display"


class Record(Sink):
    video: In[Video] = In(formats=("yuv420p", "rgb24"), join="merge")
    sound: In[Audio] = In(join="merge", optional=True)
    records = True
    path: str = Param(remote=False, doc="the file to write")


class Null(Sink):
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))


class Broken(Null):
    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        raise ZeroDivisionError("division by zero")


NODES: Mapping[str, type[Node]] = {
    f"t.{cls.__name__.lower()}": cls
    for cls in (
        Camera, File, Feed, Clip, Sensor, Filter, Luma, Rgb, Chunk, Resize, Lag, Mix, Echo, Strict, StrictChunk, Style,
        ToDepth, Split, Quieten, Level, Show, Preview, Record, Null, Broken,
    )
}  # fmt: skip


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec(name, cls) for name, cls in NODES.items()]


@pytest.fixture
def registry() -> Registry:
    made = Registry(discover=False)
    made.add(core, "core", "livegraph")
    made.add(Plugin(), "t", "livegraph-t")
    return made


@pytest.fixture
def load(registry: Registry, tmp_path: Any) -> Callable[..., Plan]:
    """`load(text, **options)`: the plan of a graph file with this text. Without a first line of its own it gets one."""

    def load_text(text: str, **options: Any) -> Plan:
        path = tmp_path / "graph.yaml"
        path.write_text(text if "livegraph:" in text else f"livegraph: 1\n{text}", encoding="utf-8")
        return load_plan(path, registry=registry, **{"env": {}, **options})

    return load_text


@pytest.fixture
def problems(load: Callable[..., Plan]) -> Callable[..., list[str]]:
    """`problems(text, **options)`: what is wrong with a graph, a line each, without the name of its file."""

    def told(text: str, **options: Any) -> list[str]:
        with pytest.raises(GraphError) as caught:
            load(text, **options)
        return [problem.render("").removeprefix(":").strip() for problem in caught.value.problems]

    return told
