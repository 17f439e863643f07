"""Finds plugins, keeps what they contribute, and explains what could not be loaded."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, Literal, TypeVar

import pluggy

from livegraph import hookspecs
from livegraph.controller import Controller
from livegraph.errors import PluginError
from livegraph.hookspecs import (
    API,
    BackendSpec,
    BenchSpec,
    CheckpointSpec,
    ControllerSpec,
    ConverterSpec,
    PipelineSpec,
    ServiceSpec,
)
from livegraph.models.spec import ModelSpec
from livegraph.node import Node, NodeSpec, node_class
from livegraph.types import PixelFormat
from livegraph.wording import there_are

GROUP = "livegraph"

KNOWN_DISTRIBUTIONS: Mapping[str, str] = {
    prefix: f"livegraph-{prefix}"
    for prefix in (
        "media",
        "vision",
        "window",
        "wan",
        "webrtc",
        "osc",
        "mqtt",
        "audio",
        "midi",
        "ndi",
        "syphon",
        "spout",
    )
} | {"web": "livegraph-server", "vcam": "livegraph-virtualcam"}

T = TypeVar(
    "T",
    NodeSpec,
    BackendSpec,
    BenchSpec,
    CheckpointSpec,
    ControllerSpec,
    ConverterSpec,
    ModelSpec,
    PipelineSpec,
    ServiceSpec,
)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin that was found: `refused` asks for another API, `failed` could not be imported; `reason` says why."""

    name: str
    distribution: str
    version: str
    state: Literal["loaded", "refused", "failed"]
    reason: str = ""


class Registry:
    """All plugins of this environment, by entry points; each loads, or fails, alone."""

    def __init__(self, *, discover: bool = True) -> None:
        self.manager = pluggy.PluginManager("livegraph")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: list[PluginInfo] = []
        self._owners: dict[str, str] = {}
        self._nodes: dict[str, NodeSpec] = {}
        if discover:
            for distribution, entry in _entry_points():
                self._load(distribution, entry)

    def add(self, plugin: object, name: str, distribution: str = "", version: str = "") -> PluginInfo:
        """Register a plugin module or object; a conflict or an API that is not ours is recorded, never raised."""
        info = self._admit(plugin, name, distribution, version)
        self.plugins.append(info)
        return info

    def remove(self, plugin: object) -> None:
        """Take a plugin out again (tests)."""
        name = self.manager.get_name(plugin)
        self.manager.unregister(plugin)
        self.plugins = [info for info in self.plugins if info.name != name]
        self._nodes = {kind: spec for kind, spec in self._nodes.items() if self._owners[kind] != name}

    def nodes(self) -> dict[str, NodeSpec]:
        """Every node type, by name."""
        return dict(sorted(self._nodes.items()))

    def owner(self, node_type: str) -> str:
        """The name of the plugin that brought a node type."""
        return self._owners[node_type]

    def node(self, node_type: str) -> type[Node]:
        """Import a node type; `PluginError` says what to install, or offers the nearest name."""
        spec = self._nodes.get(node_type)
        if spec is None:
            raise PluginError(self._missing(node_type))
        try:
            return node_class(resolve(spec.target))
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(f"{node_type} cannot be loaded: {type(error).__name__}: {error}") from error

    def backends(self) -> list[BackendSpec]:
        """Backends, best first."""
        return sorted(self._collect("livegraph_backends", BackendSpec), key=lambda spec: -spec.priority)

    def pipelines(self) -> dict[str, PipelineSpec]:
        """Graphs that plugins ship, by name."""
        return {spec.name: spec for spec in self._collect("livegraph_pipelines", PipelineSpec)}

    def benches(self) -> dict[str, BenchSpec]:
        """Benchmarks, by name; the core's own first."""
        found = {spec.name: spec for spec in self._collect("livegraph_benches", BenchSpec)}
        return dict(sorted(found.items(), key=lambda item: (not item[1].target.startswith("livegraph."), item[0])))

    def models(self) -> dict[str, ModelSpec]:
        """Models that plugins can run, by name; a plugin that comes later cannot take a name over."""
        found = {spec.name: spec for spec in self._collect("livegraph_models", ModelSpec)}  # the first loaded come last
        return dict(sorted(found.items()))

    def checkpoints(self) -> dict[str, CheckpointSpec]:
        """Families of checkpoints that can be converted, by name."""
        return {spec.family: spec for spec in self._collect("livegraph_checkpoints", CheckpointSpec)}

    def service(self, name: str) -> ServiceSpec:
        """A service by name; `PluginError` says what to install."""
        found = {spec.name: spec for spec in self._collect("livegraph_services", ServiceSpec)}
        if name in found:
            return found[name]
        package = KNOWN_DISTRIBUTIONS.get(name, f"livegraph-{name}")
        why = self._trouble(name) or f"its plugin is not installed. Try: pip install {package}"
        raise PluginError(f"no service {name!r}: {why}")

    def controllers(self) -> dict[str, ControllerSpec]:
        """Control surfaces, by name."""
        return {spec.name: spec for spec in self._collect("livegraph_controllers", ControllerSpec)}

    def controller(self, name: str) -> type[Controller]:
        """Import a control surface; `PluginError` says what to install, or offers the nearest name."""
        found = self.controllers()
        if name not in found:
            raise PluginError(self._no_controller(name, found))
        try:
            cls = resolve(found[name].target)
        except Exception as error:
            raise PluginError(f"controller {name} cannot be loaded: {type(error).__name__}: {error}") from error
        if not (isinstance(cls, type) and issubclass(cls, Controller)):
            raise PluginError(f"controller {name}: {found[name].target} is no Controller")
        return cls

    def _no_controller(self, name: str, found: Mapping[str, ControllerSpec]) -> str:
        if (near := nearest(name, found)) is not None:
            return f"no controller {name!r}. Did you mean {near}?"
        if name in KNOWN_DISTRIBUTIONS:
            why = self._trouble(name) or f"its plugin is not installed. Try: pip install {KNOWN_DISTRIBUTIONS[name]}"
            return f"no controller {name!r}: {why}"
        return f"no controller {name!r}. {there_are(found, none='None is installed.')}"

    def converter(self, src: PixelFormat, dst: PixelFormat) -> ConverterSpec | None:
        """The best converter from one pixel format to another."""
        fitting = [c for c in self._collect("livegraph_converters", ConverterSpec) if (c.src, c.dst) == (src, dst)]
        return max(fitting, key=lambda spec: spec.priority, default=None)

    def _collect(self, hook: str, kind: type[T]) -> Iterable[T]:
        for contributed in getattr(self.manager.hook, hook)():
            for spec in contributed:
                if isinstance(spec, kind):
                    yield spec

    def _load(self, distribution: Distribution, entry: EntryPoint) -> None:
        name, version = distribution.metadata["Name"], distribution.version
        try:
            plugin = entry.load()
        except Exception as error:  # a plugin that cannot load harms no other
            reason = f"{type(error).__name__}: {error}"
            self.plugins.append(PluginInfo(entry.name, name, version, "failed", reason))
        else:
            self.add(plugin, entry.name, name, version)

    def _admit(self, plugin: object, name: str, distribution: str, version: str) -> PluginInfo:
        asked = getattr(plugin, "livegraph_api", None)
        if asked != API:
            reason = f"written for plugin API {asked!r}, this is {API!r}"
            return PluginInfo(name, distribution, version, "refused", reason)
        try:
            self.manager.register(plugin, name)
            listed = self.manager.subset_hook_caller("livegraph_nodes", self._others(plugin))()
            specs = [spec for contributed in listed for spec in contributed]
            for spec in specs:
                if spec.type in self._nodes:
                    raise PluginError(f"node type {spec.type} is already brought by plugin {self._owners[spec.type]}")
        except Exception as error:
            if self.manager.is_registered(plugin):
                self.manager.unregister(plugin)
            return PluginInfo(name, distribution, version, "failed", f"{type(error).__name__}: {error}")
        self._nodes |= {spec.type: spec for spec in specs}
        self._owners |= {spec.type: name for spec in specs}
        return PluginInfo(name, distribution, version, "loaded")

    def _others(self, plugin: object) -> list[Any]:
        return [other for other in self.manager.get_plugins() if other is not plugin]

    def _trouble(self, prefix: str) -> str | None:
        """Why the plugin that brings `prefix` could not be loaded; None where there is none."""
        failed = [info for info in self.plugins if info.state != "loaded" and prefix in (info.name, _prefix(info))]
        return f"plugin {failed[0].name} is {failed[0].state}: {failed[0].reason}" if failed else None

    def _missing(self, node_type: str) -> str:
        prefix = node_type.partition(".")[0]
        if why := self._trouble(prefix):
            return f"no node type {node_type!r}: {why}"
        installed = any(kind.partition(".")[0] == prefix for kind in self._nodes)
        if prefix in KNOWN_DISTRIBUTIONS and not installed:
            package = KNOWN_DISTRIBUTIONS[prefix]
            return f"no node type {node_type!r}: its plugin is not installed. Try: pip install {package}"
        if near := nearest(node_type, self._nodes):
            return f"no node type {node_type!r}. Did you mean {near}?"
        return f"no node type {node_type!r}: its plugin is not installed. By custom its package is livegraph-{prefix}"


def resolve(target: str | Callable[..., Any] | type) -> Any:
    """`"package.module:Name"` as the object it names."""
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that someone who typed `name` most likely meant."""
    found: Sequence[str] = difflib.get_close_matches(name, list(names), 1, 0.6)
    return found[0] if found else None


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The registry of this process, made at first use."""
    return Registry()


def _prefix(info: PluginInfo) -> str:
    return info.distribution.removeprefix("livegraph-")


def _entry_points() -> Iterable[tuple[Distribution, EntryPoint]]:
    """The first distribution of a name wins, as its modules do: a checkout and its installation are one."""
    seen: dict[str, Distribution] = {}
    for distribution in distributions():
        seen.setdefault(distribution.name.lower().replace("_", "-"), distribution)
    for distribution in seen.values():
        for entry in distribution.entry_points:
            if entry.group == GROUP:
                yield distribution, entry
