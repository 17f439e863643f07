"""From a graph as written to a draft: node types are found, parameters checked, wires made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from livegraph.declare import InPort, OutPort
from livegraph.errors import PluginError
from livegraph.graph.document import Value
from livegraph.graph.draft import Draft, Step
from livegraph.graph.feeds import Feed, read_feed
from livegraph.graph.parameters import check_params, is_reference
from livegraph.graph.ports import connect
from livegraph.graph.problems import Problems
from livegraph.graph.reader import Reader
from livegraph.graph.schema import GraphFile, NodeEntry
from livegraph.node import Cadence, Function, Sink, Source
from livegraph.registry import Registry
from livegraph.types import PixelFormat

Settings = Mapping[str, Mapping[str, Value]]
"""Node -> parameter -> value, laid over the file's own by `--set` and `--preset`."""


def assemble(file: GraphFile, registry: Registry, settings: Settings, problems: Problems) -> Draft:
    """A draft with every step and wire that could be made."""
    draft = Draft(file, problems, missing=set(file.broken), sound=not file.broken)
    wired: dict[str, dict[str, Feed]] = {}
    for entry in file.nodes.values():
        wired[entry.id] = _step(draft, entry, registry, settings.get(entry.id, {}))
    _mark_streamed(draft)
    for step in draft.steps.values():
        connect(draft, step, wired[step.id])
    return draft


def _step(draft: Draft, entry: NodeEntry, registry: Registry, settings: Mapping[str, Value]) -> dict[str, Feed]:
    """Add the step of an entry; returns what feeds its parameters."""
    try:
        cls = registry.node(entry.use)
    except PluginError as error:
        draft.refuse(entry.use_place, str(error), node=entry.id)
        draft.missing.add(entry.id)
        return {}
    given = {**entry.params.data, **settings}
    wired: dict[str, Feed] = {}
    for name in [name for name in given if is_reference(cls.Params, name, given[name])]:
        feed = read_feed(given.pop(name), Reader(draft.problems, entry.id))
        if feed is not None:
            wired[name] = feed
    keys = {**entry.params.keys, **{name: value.place for name, value in settings.items()}}
    params = check_params(cls.Params, given, keys, entry.place, entry.id, draft.problems)
    if params is None:
        draft.sound = False
        draft.missing.add(entry.id)
        return {}
    step = draft.steps[entry.id] = Step(entry, cls, params, given)
    cadence = draft.ask(step, "cadence_for", Cadence())
    step.cadence = cadence if isinstance(cadence, Cadence) else Cadence()
    _check_shape(draft, step)
    return wired


def _mark_streamed(draft: Draft) -> None:
    """A Function that frames come to answers each of them, and then frames come from it, too."""
    waiting = [step for step in draft.steps.values() if issubclass(step.cls, Function)]
    while met := [step for step in waiting if _meets_frames(draft, step)]:
        for step in met:
            step.streamed = True
            waiting.remove(step)


def _meets_frames(draft: Draft, step: Step) -> bool:
    feeding = [draft.steps.get(reference.node) for reference in step.entry.inputs.values()]
    return any(source is not None and not source.is_function for source in feeding)


def _check_shape(draft: Draft, step: Step) -> None:
    """A plugin's class that can have no place in a graph."""
    cls, use = step.cls, step.entry.use
    if not issubclass(cls, Source | Function) and not cls.inputs:
        draft.refuse(step.entry.use_place, f"{use} has no inputs and is neither a Source nor a Function", node=step.id)
    if issubclass(cls, Source) and cls.inputs:
        draft.refuse(step.entry.use_place, f"{use} is a source, and yet declares inputs", node=step.id)
    if not issubclass(cls, Sink) and not cls.outputs:
        draft.refuse(step.entry.use_place, f"{use} has no outputs and is no Sink", node=step.id)
    ports: list[InPort | OutPort] = [*cls.inputs.values(), *cls.outputs.values()]
    for port in ports:
        for name in sorted(set(port.formats) - set(get_args(PixelFormat))):
            draft.refuse(step.entry.use_place, f"{use} names a pixel format {name!r} that there is not", node=step.id)
    for out in cls.outputs.values():
        if out.like is not None and not isinstance(cls.inputs.get(out.like), InPort):
            draft.refuse(step.entry.use_place, f"{use}: output {out.name} is like {out.like!r}, no input", node=step.id)
