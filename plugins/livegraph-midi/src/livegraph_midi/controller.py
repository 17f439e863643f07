"""The controller `midi`: from the driver's thread to the run's door, and back to the device."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from livegraph import Change, Controller, Door, InputError, Param
from livegraph_midi.binding import Action, Binding, Bindings, bind
from livegraph_midi.decode import Message, Move
from livegraph_midi.feedback import Feedback
from livegraph_midi.flood import Allowance
from livegraph_midi.link import Link
from livegraph_midi.mapping import Map, read_map
from livegraph_midi.ports import Ports
from livegraph_midi.quantise import Quantiser
from livegraph_midi.surface import Surface

LOOK_S = 1.0
TO_ANSWER_S, TO_END_S = 10.0, 2.0
CLOCK = frozenset(("clock", "start", "continue", "stop", "songpos"))


class Midi(Controller):
    """Knobs, faders and pads of one MIDI device."""

    device: str = Param("auto", remote=False, doc="auto, part of a port's name, or virtual: a port for other programs")
    out: str = Param("auto", remote=False, doc="where feedback goes: auto (the same device), part of a name, or none")
    map: Map = Param({}, remote=False, doc="what each place on the device does")
    link: bool = Param(False, remote=False, doc="join the Ableton Link session of the local network")
    beats_per_bar: int = Param(4, ge=1, le=64, remote=False, doc="beats that `on: bar` waits for")

    def __init__(self, params: Any, run: Any) -> None:
        super().__init__(params, run)
        self._allowance = Allowance()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._ports: Ports | None = None
        self._end_listening: Callable[[], None] | None = None
        self.surface = Surface()

    def start(self) -> None:
        self._door: Door = self.run.door("midi")
        self._bind()
        self._ports = Ports(self.params.device, self.params.out, self.heard, self.run.say)
        if self.params.link:
            beats = self.params.beats_per_bar
            self.surface.link = self.run.ask(lambda: Link(beats)).result(TO_ANSWER_S)
        self._end_listening = self._door.listen(self._hear).result(TO_ANSWER_S)
        self._all(self._door.values().result(TO_ANSWER_S)[1])
        self._thread = threading.Thread(target=self._serve, name="livegraph midi", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(TO_END_S)
        if self._ports is not None:
            self._ports.close()
        if self._end_listening is not None:
            self._end_listening()
        if self.surface.link is not None:
            self.surface.link.close()

    def status(self) -> Mapping[str, Any]:
        link, now = self.surface.link, self.surface.time()
        told = {
            "device": self._ports.device if self._ports else None,
            "feedback": self._ports.feedback if self._ports else None,
            "tempo": round(now.tempo, 2) if now else None,
        }
        return told | ({"link_peers": link.peers} if link else {})

    # --- in: on the driver's thread --------------------------------------------------------------------------------

    def heard(self, message: Message) -> None:
        """The hot path: nothing here waits."""
        now_s, kind = time.monotonic(), message.type
        if kind in CLOCK:
            self.surface.clock.message(kind, now_s, message.pos if kind == "songpos" else 0)
            return
        if not self._allowance.take(now_s):
            self._door.refuse("flood")
            return
        move = self.surface.decoder.read(message)
        if isinstance(move, Move):
            self._moved(move, now_s)
        elif move is not None:
            self._door.refuse(move)

    def _moved(self, move: Move, now_s: float) -> None:
        self.surface.moved(move)
        binding = self._bindings.at(move.place)
        if binding is None:
            return
        with self._lock:
            action = binding.moved(move)
        self._feedback.moved(binding, move.place.channel, move.share, now_s)
        self._wake.set()
        if action is None:
            return
        if binding.entry.on is None:
            self._do(binding, action)
        else:
            beats = self.params.beats_per_bar if binding.entry.on == "bar" else 1
            self._quantiser.ask(id(binding), lambda: self._do(binding, action), beats)

    def _do(self, binding: Binding, action: Action) -> None:
        client, over_s = str(binding.place), binding.entry.over
        answer: Future[int]
        if action.values is not None:
            answer = self._door.set(action.values, client, over_s=over_s)
        elif action.fade is not None:
            answer = self._door.fade(*action.fade, client)
        else:
            answer = self._door.preset(action.preset, client, over_s=over_s)
        answer.add_done_callback(self._answered)

    def _answered(self, answer: Future[int]) -> None:
        """What was refused (and counted by the door) is not where the knob is: ask how it is."""
        if answer.exception() is not None and not self._closed.is_set():
            self._door.values().add_done_callback(self._asked)

    def _asked(self, answer: Future[tuple[int, dict[str, Any]]]) -> None:
        if answer.exception() is None:
            self._all(answer.result()[1])

    # --- back: changes on the run's loop, messages on a thread of its own --------------------------------------------

    def _hear(self, change: Change) -> None:
        for target, value in change.values.items():
            for binding in self._bindings.of(target):
                self._changed(binding, value, change.origins.get(target))

    def _all(self, values: Mapping[str, Any]) -> None:
        """How things are, by address."""
        for binding in self._bindings.all:
            if binding.scale is not None and binding.scale.knob.address in values:
                self._changed(binding, values[binding.scale.knob.address], None)

    def _changed(self, binding: Binding, value: Any, origin: str | None) -> None:
        if origin != self._door.origin(str(binding.place)):
            with self._lock:
                binding.told(value)
        self._feedback.changed(binding, value)
        self._wake.set()

    def _serve(self) -> None:
        assert self._ports is not None
        look_s = 0.0
        while not self._closed.is_set():
            now_s = time.monotonic()
            if now_s >= look_s:
                look_s = now_s + LOOK_S
                if self._ports.look():
                    self._feedback.forget()
            self._wake.clear()
            out, wait_s = self._feedback.due(now_s)
            self._ports.send(out)
            self._wake.wait(max(min(look_s - now_s, LOOK_S if wait_s is None else wait_s), 0.001))

    # --- at the start -----------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        run = self.run
        try:
            mapped = read_map(self.params.map)
            self._bindings = Bindings([bind(each, self._door.knobs, run.plan.presets) for each in mapped])
        except ValueError as error:
            raise InputError(f"controller midi: map: {error}") from None
        self._feedback = Feedback(self._bindings.all)
        for binding in self._bindings.all:
            self.surface.watch(binding.place)
        self._quantiser = Quantiser(self.surface.time, self._later, run.say)

    def _later(self, seconds: float, doing: Callable[[], None]) -> None:
        self.run.ask(lambda: self.run.later(seconds, doing))
