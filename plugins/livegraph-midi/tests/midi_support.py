"""What several tests need: messages, knobs, and real runs with a controller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from livegraph import Frame, In, Knob, Node, NodeSpec, Out, Param, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan
from livegraph.types import AnyPort
from livegraph_midi import plugin
from livegraph_midi.binding import Binding, bind
from livegraph_midi.controller import Midi
from livegraph_midi.decode import Decoder, Move
from livegraph_midi.mapping import read_map
from livegraph_midi.surface import Surface

Message = pytest.importorskip("mido", reason="pip install mido").Message

PLUGINS = [] if "midi" in {entry.name for entry in entry_points(group="livegraph")} else [plugin]
TO_START_S = 20.0


class Stamp(Node):
    """Many kinds of knobs."""

    video: In[AnyPort]
    out: Out[AnyPort]
    level: float = Param(0.0, ge=0, le=1, live=True, doc="a share")
    steps: int = Param(3, ge=0, le=10, live=True, doc="whole")
    open: float = Param(0.0, live=True, doc="without bounds")
    on: bool = Param(False, live=True, doc="a switch")
    mode: Literal["a", "b", "c"] = Param("a", live=True, doc="a choice")
    text: str = Param("", live=True, doc="words")
    path: str = Param("here", remote=False, doc="of this machine")

    def process(self, video: Frame) -> Frame:
        return video.with_data(self.params.level)


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.stamp", Stamp)]


def registry() -> tuple[Registry, ScriptedPlugin]:
    found, scripted = Registry(), ScriptedPlugin()
    for number, one in enumerate((*PLUGINS, scripted, Plugin())):
        name = "midi" if one is plugin else f"test-{number}"
        assert found.add(one, name).state == "loaded"
    return found, scripted


def document(midi: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "mode": "live",
        "nodes": {
            "src": {"use": "test.source", "params": {"fps": 50.0}},
            "a": {"use": "test.stamp", "in": "src"},
            "end": {"use": "test.collect", "in": "a"},
        },
        "controls": {"strength": {"target": "a.level", "range": [0.25, 0.75]}},
        "presets": {"ink": {"a.open": 7.0}, "oil": {"a.open": 9.0}},
        "controllers": {"midi": dict(midi)},
        **more,
    }


def until(true: Callable[[], Any], within_s: float = 10.0) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.005)


@dataclass
class Show:
    """A run that goes on in a thread of its own."""

    run: Run
    said: list[str]
    outcomes: list[Outcome]
    kept: dict[str, Any]

    @property
    def midi(self) -> Midi:
        found = self.run.services.get("midi")
        assert isinstance(found, Midi)
        return found

    def value(self, address: str) -> Any:
        return self.run.ask(lambda: self.run.bus.get(address)).result(5)

    def set(self, **values: Any) -> None:
        named = {name.replace("__", "."): value for name, value in values.items()}
        self.run.ask(lambda: self.run.bus.set(named, origin="test")).result(5)

    def refused(self) -> Mapping[str, int]:
        return dict(self.run.door("midi").refused)


@contextmanager
def a_show(midi: Mapping[str, Any], **more: Any) -> Iterator[Show]:
    found, scripted = registry()
    show = Show(None, [], [], scripted.kept)  # type: ignore[arg-type]  # made with its list of what it said
    show.run = Run(plan_graph(document(midi, **more), registry=found), registry=found, say=show.said.append)
    thread = threading.Thread(target=lambda: show.outcomes.append(run_plan(show.run)))
    thread.start()
    try:
        until(lambda: show.run.opened or not thread.is_alive(), TO_START_S)
        yield show
    finally:
        if thread.is_alive():
            show.run.ask(show.run.stop)
        thread.join(20)


def reading(surface: Surface, node: Any, **params: Any) -> Any:
    """A signal node that is set up, as in a run whose controller has this surface."""
    made = node(node.Params(**params), SimpleNamespace(service=lambda name: SimpleNamespace(surface=surface)))
    made.setup()
    return made


def cc(number: int, value: int, channel: int = 1) -> Message:
    return Message("control_change", control=number, value=value, channel=channel - 1)


def note(number: int, velocity: int, channel: int = 1) -> Message:
    return Message("note_on", note=number, velocity=velocity, channel=channel - 1)


LEVEL = Knob("a.level", "a", "level", "number", 0.0, 0.0, 1.0)
KNOBS: dict[str, Knob] = {
    "a.level": LEVEL,
    "a.steps": Knob("a.steps", "a", "steps", "integer", 3, 0, 10),
    "a.open": Knob("a.open", "a", "open", "number", 0.0),
    "a.on": Knob("a.on", "a", "on", "switch", False),
    "a.mode": Knob("a.mode", "a", "mode", "choice", "a", choices=("a", "b", "c")),
    "a.text": Knob("a.text", "a", "text", "text", ""),
    "strength": Knob("strength", "a", "level", "number", 0.0, 0.25, 0.75, control=True),
}


def bound(key: str, what: Any) -> Binding:
    return bind(read_map({key: what})[0], KNOBS, ["ink", "oil"])


def actions(binding: Binding, *messages: Message) -> list[Any]:
    """What each message asks for: values as a single one, or the action."""
    decoder = Decoder([binding.place])
    found = []
    for message in messages:
        move = decoder.read(message)
        action = binding.moved(move) if isinstance(move, Move) else None
        if action is not None:
            found.append(next(iter(action.values.values())) if action.values else action)
    return found
