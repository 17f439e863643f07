"""Every hook, one line of doc each. A plugin is a module with an entry point in the group `livegraph`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from livegraph.models.spec import ModelSpec
from livegraph.node import NodeSpec
from livegraph.types import PixelFormat

if TYPE_CHECKING:
    import typer

    from livegraph.runtime.run import Run

API = "1"
"""The plugin API of this livegraph: a plugin module says `livegraph_api = "1"`."""

hookspec = pluggy.HookspecMarker("livegraph")
hookimpl = pluggy.HookimplMarker("livegraph")


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A place where models run. `probe` is `"module:function"`: it returns what it found, as a `BackendFound` or in
    words, or raises `RuntimeError` saying why the backend cannot be used. The available one with the highest priority
    is `auto`.
    """

    name: str
    priority: int
    probe: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class BackendFound:
    """What a probe found. `str` of it is one line for a person."""

    device: str
    """By its maker's name."""
    version: str
    """Of what computes there."""
    memory: int | None = None
    """Bytes that models may take, where the system tells."""

    def __str__(self) -> str:
        size = "" if self.memory is None else f" ({in_gib(self.memory)})"
        return f"{self.device}{size}, {self.version}"


def in_gib(size: int) -> str:
    return f"{size / (1 << 30):.3g} GiB"


@dataclass(frozen=True, slots=True)
class ConverterSpec:
    """A pixel format conversion on the host. `target` is `"module:function"`, taking and returning a picture; the one
    with the highest priority is used (the core's own, in NumPy, have priority 0).
    """

    src: PixelFormat
    dst: PixelFormat
    target: str
    priority: int = 10


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A graph that a plugin ships: `livegraph run NAME` runs the YAML file at `path`."""

    name: str
    path: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class BenchOption:
    """An option of one benchmark: `livegraph bench NAME --size 832x480`.

    `parse` makes the value out of what was typed, and raises ValueError with what was expected; None makes a switch,
    which is true where it is given. Names with dashes reach the benchmark with underscores.
    """

    name: str
    doc: str
    parse: Callable[[str], Any] | None = str
    metavar: str = "VALUE"


@dataclass(frozen=True, slots=True)
class BenchSpec:
    """A benchmark. `target` is `"module:function"`, called with `quick: bool` and, by name, those of the `options` that
    were given: it yields each `Figure` once measured, and a `Progress` now and then where that takes long. It takes
    seconds rather than minutes where `quick` is true. It raises `InputError` where something is missing.
    """

    name: str
    target: str
    summary: str = ""
    options: tuple[BenchOption, ...] = ()
    examples: tuple[str, ...] = ()
    """What to type, each with what it does behind two spaces and a `#`: they end the help text."""


@dataclass(frozen=True, slots=True)
class CheckpointSpec:
    """A family of checkpoints whose tensors have names in several layouts.

    `target` is `"module:function"`, called with `(source: Path, target: Path, layout: str, dtype: str | None)`: it
    writes `target` in one of the `layouts`, and returns a line that says what it wrote. It raises `ModelError`.
    """

    family: str
    layouts: tuple[str, ...]
    target: str
    dtypes: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What the nodes of one run share. `target` is `"module:Name"`, called with the `Run` when a node first asks for it
    by `self.ctx.service(name)`, or `livegraph run --serve` does (`web`). It returns a `Service`, whose `close()` is
    called when all nodes have ended.
    """

    name: str
    target: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ControllerSpec:
    """A control surface. `target` is `"module:Class"`, a `Controller`, made where a graph's `controllers:` has `name`,
    or a node asks for it by `self.ctx.service(name)`.
    """

    name: str
    target: str
    summary: str = ""


@hookspec
def livegraph_nodes() -> Sequence[NodeSpec]:  # type: ignore[empty-body]
    """Node types that the plugin brings."""


@hookspec
def livegraph_backends() -> Sequence[BackendSpec]:  # type: ignore[empty-body]
    """Backends that models may run on, with a probe each."""


@hookspec
def livegraph_converters() -> Sequence[ConverterSpec]:  # type: ignore[empty-body]
    """Pixel format converters, faster than the core's own."""


@hookspec
def livegraph_pipelines() -> Sequence[PipelineSpec]:  # type: ignore[empty-body]
    """Graphs that the plugin ships, run by name."""


@hookspec
def livegraph_benches() -> Sequence[BenchSpec]:  # type: ignore[empty-body]
    """Benchmarks, run with `livegraph bench NAME`."""


@hookspec
def livegraph_models() -> Sequence[ModelSpec]:  # type: ignore[empty-body]
    """Models that the plugin can run, fetched with `livegraph models pull NAME`."""


@hookspec
def livegraph_checkpoints() -> Sequence[CheckpointSpec]:  # type: ignore[empty-body]
    """Families of checkpoints that `livegraph models convert` rewrites from one layout into another."""


@hookspec
def livegraph_services() -> Sequence[ServiceSpec]:  # type: ignore[empty-body]
    """Services that the nodes of a run share, such as an HTTP server."""


@hookspec
def livegraph_controllers() -> Sequence[ControllerSpec]:  # type: ignore[empty-body]
    """Control surfaces, such as OSC or MQTT, that change the parameters of a running graph."""


@hookspec
def livegraph_commands(app: typer.Typer) -> None:
    """Add commands to the `livegraph` command line."""


@hookspec
def livegraph_run_started(run: Run) -> None:
    """A run has warmed up, and its gates open."""


@hookspec
def livegraph_run_stopped(run: Run) -> None:
    """A run has ended, and its statistics are final."""
