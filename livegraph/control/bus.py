"""Changes to a running graph: transactions over parameters, validated whole, switched on one source frame."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from livegraph.control import presets
from livegraph.control.change import Change, Hear, Request
from livegraph.control.history import History
from livegraph.control.knobs import Knob, knobs_of
from livegraph.control.ramp import CURVES, Curve, Ramp
from livegraph.control.wishes import Wishes
from livegraph.control.written import Unsaved
from livegraph.errors import ParamError
from livegraph.graph.plan import BUILT_IN, Plan
from livegraph.graph.redaction import REDACTED, Redactor
from livegraph.params import Params, Versions, changed, flag

log = logging.getLogger(__name__)

Fields = dict[str, dict[str, Any]]
"""node -> parameter -> value"""

LONGEST_RAMP_S = 3600.0


class Bus:
    """The one way to a running graph's parameters. Loop thread only; from outside the machine, come by a `Door`.

    An address is `node.parameter` or the name of a control. A transaction takes effect for the first source frame that
    no node has seen yet, so every node switches on the same frame. `freeze` and `blackout`, which every graph has, act
    on the next picture that is shown.
    """

    def __init__(self, plan: Plan, versions: Mapping[str, Versions], lead_pts_ns: Callable[[], int]) -> None:
        self._plan = plan
        self._versions = versions
        self._lead_pts_ns = lead_pts_ns
        self._redactor = Redactor(plan.secrets)
        self._controls = {**plan.controls, **BUILT_IN}
        self._started = {node: each.latest for node, each in self._versions.items()}
        self._ramps: dict[tuple[str, str], tuple[Ramp, str]] = {}
        self._history = History()
        self._wishes = Wishes()
        self._hearers: list[Hear] = []
        self._revisions: dict[str, int] = {}
        self.knobs: Mapping[str, Knob] = knobs_of(plan, self._controls, self._started)
        self.presets: dict[str, dict[str, Any]] = {name: dict(values) for name, values in plan.presets.items()}
        self._saved = dict(self._started)
        self._saved_presets = dict(self.presets)
        self.revision = 0

    # --- looking --------------------------------------------------------------------------------------------------

    def get(self, address: str) -> Any:
        """The newest value, whether frames have reached it or not; what came from the environment, or is declared
        `secret`, as `***`.
        """
        with self._redacted():
            node, param = presets.target(self._controls, address)
            latest = self._node(node).latest
            if param not in type(latest).model_fields:
                raise ParamError(presets.unknown("parameter", address, dict(latest)))
        return self._shown(node, param)

    def values(self, addresses: Iterable[str] | None = None) -> dict[str, Any]:
        """What may be seen from outside, by address: these, or all."""
        knobs = self.knobs.values() if addresses is None else [self.knobs[address] for address in addresses]
        return {knob.address: self._shown(knob.node, knob.param) for knob in knobs}

    def shown_presets(self) -> dict[str, dict[str, Any]]:
        """What each preset sets, as far as that may be seen from outside."""
        return {name: self._seen(values) for name, values in self.presets.items()}

    def revision_of(self, target: str) -> int:
        """With which revision a target got the value that it has; 0: it is as it was at the start."""
        return self._revisions.get(target, 0)

    def listen(self, hear: Hear) -> Callable[[], None]:
        """From now on `hear` is called with each change, on the loop: it may not block. Call what is returned to end
        that.
        """
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear)

    # --- changing -------------------------------------------------------------------------------------------------

    def set(self, values: Mapping[str, Any], *, origin: str = "", over_s: float = 0.0, curve: Curve = "linear") -> int:
        """Apply a transaction; returns the new revision. `ParamError`, and nothing applied, if any value is refused."""
        return self._request(Request(values, origin, over_s, curve))

    def lend(self, values: Mapping[str, Any], *, origin: str) -> int:
        """Set what the machine needs for a while, as `set` does. It is nobody's wish: it is neither undone nor kept in
        a preset nor written to the file, and `wished` still tells what people want.
        """
        return self._apply([Request(values, origin)], passing=True)

    def wished(self, node: str) -> Params:
        """A node's parameters as people want them, without what is lent."""
        return self._wishes.of(node, self._node(node).latest)

    def preset(self, name: str, *, origin: str = "", over_s: float = 0.0, curve: Curve = "linear") -> int:
        """Apply a preset: a transaction by name."""
        return self.set(self._preset(name), origin=origin, over_s=over_s, curve=curve)

    def fade(self, first: str, second: str, share: float, *, origin: str = "") -> int:
        """Between two presets, at 0 the first, at 1 the second: numbers that both have lie between, the rest changes in
        the middle.
        """
        with self._redacted():
            return self.set(presets.between(self._preset(first), self._preset(second), share), origin=origin)

    def keep(self, name: str, addresses: Iterable[str] | None = None) -> Mapping[str, Any]:
        """Make a preset of how things are: of the graph's controls unless told which. Returns what is seen of it."""
        presets.check_name(name, self.presets)
        seen = [address for address in self.knobs if address not in BUILT_IN]
        usual = [address for address in seen if self.knobs[address].control] or seen
        chosen = list(addresses) if addresses is not None else usual
        hidden = [address for address in chosen if address not in self.knobs]
        if hidden:
            raise ParamError(presets.unknown("control", hidden[0], self.knobs))
        knobs = [self.knobs[address] for address in chosen]
        self.presets[name] = {knob.address: getattr(self.wished(knob.node), knob.param) for knob in knobs}
        return self._seen(self.presets[name])

    def undo(self, *, origin: str = "") -> int:
        """Take the last change back, whoever made it; a knob that was turned on is one change. `ParamError` where none
        is left.
        """
        before = self._history.back()
        if before is None:
            raise ParamError("there is nothing to undo")
        return self._apply([Request(before, origin)], undone=True)

    def reset(self, addresses: Iterable[str] = (), *, origin: str = "") -> int:
        """Back to what the run began with: these, or all that may be changed from outside."""
        wanted = list(addresses) or [each for each, knob in self.knobs.items() if not knob.control or each in BUILT_IN]
        with self._redacted():
            fields = presets.resolve(self._controls, dict.fromkeys(wanted))
            values = {
                _target(node, param): getattr(self._known(node, param), param)
                for node, params in fields.items()
                for param in params
            }
        return self.set(values, origin=origin)

    def unsaved(self) -> Unsaved:
        """What may be changed from outside and is not as the graph's file has it. What came from the environment stays
        out: a file is no place for a secret.
        """
        values: Fields = {}
        for knob in self.knobs.values():
            now, then = self.wished(knob.node), self._saved[knob.node]
            value = getattr(now, knob.param)
            if knob.node and not knob.control and value != getattr(then, knob.param) and self._is_open(value):
                values.setdefault(knob.node, {})[knob.param] = value
        presets = {
            name: {address: value for address, value in kept.items() if self._is_open(value)}
            for name, kept in self.presets.items()
            if self._saved_presets.get(name) != kept
        }
        return Unsaved(values, presets)

    def saved(self, what: Unsaved) -> None:
        """The graph's file has it now."""
        for node, fields in what.values.items():
            self._saved[node] = self._saved[node].model_copy(update=dict(fields))
        self._saved_presets |= {name: dict(kept) for name, kept in what.presets.items()}

    def transact(self, requests: Sequence[Request]) -> list[int | ParamError]:
        """Several transactions at once, in order: the last value wins. Each is refused or applied by itself; returned
        is the revision, or the refusal, of each.
        """
        plain = all(not request.over_s for request in requests)
        if plain and len(requests) > 1:
            try:
                return [self._apply(requests)] * len(requests)
            except ParamError:
                pass  # one of them: each by itself tells which
        results: list[int | ParamError] = []
        for request in requests:
            try:
                results.append(self._request(request))
            except ParamError as error:
                results.append(error)
        return results

    def advance(self, pts_ns: int) -> None:
        """A source lets a frame of this pts in, which no node has seen yet: numbers on their way go on."""
        if not self._ramps:
            return
        values: Fields = {}
        origins: dict[str, str] = {}
        for (node, param), (ramp, origin) in list(self._ramps.items()):
            values.setdefault(node, {})[param] = ramp.at(pts_ns)
            origins[_target(node, param)] = origin
            if ramp.over(pts_ns):
                del self._ramps[node, param]
        self._switch(self._tried(values), pts_ns, origins)

    # --- how ------------------------------------------------------------------------------------------------------

    def _request(self, request: Request) -> int:
        return self._ramp(request) if request.over_s else self._apply([request])

    def _apply(self, requests: Sequence[Request], *, undone: bool = False, passing: bool = False) -> int:
        with self._redacted():
            wanted: Fields = {}
            origins: dict[str, str] = {}
            for request in requests:
                for node, fields in presets.resolve(self._controls, request.values).items():
                    wanted.setdefault(node, {}).update(fields)
                    origins |= {_target(node, param): request.origin for param in fields}
            snapshots = self._tried(wanted)
        if not undone and not passing:
            self._note(wanted, requests[-1].origin if requests else "")
        for node, fields in wanted.items():
            for param in fields:
                self._ramps.pop((node, param), None)
                self._wishes.note(node, self._versions[node].latest, snapshots[node], param, passing=passing)
        self._switch(snapshots, self._lead_pts_ns() + 1, origins)
        return self.revision

    def _ramp(self, request: Request) -> int:
        """Numbers set out from where they are; what cannot be on its way changes at once."""
        if not 0 <= request.over_s <= LONGEST_RAMP_S or request.curve not in CURVES:
            raise ParamError(f"a ramp takes 0 to {LONGEST_RAMP_S:g} s, and is one of {', '.join(CURVES)}")
        with self._redacted():
            wanted = presets.resolve(self._controls, request.values)
            ends = self._tried(wanted)
        self._note(wanted, request.origin)
        begin = self._lead_pts_ns() + 1
        at_once: Fields = {}
        for node, fields in wanted.items():
            latest, end = self._versions[node].latest, ends[node]
            for param in fields:
                self._wishes.note(node, latest, end, param, passing=False)
                start, to = getattr(latest, param), getattr(end, param)
                if presets.is_number(start) and presets.is_number(to) and flag(type(latest), param, "live"):
                    whole = isinstance(to, int)
                    ramp = Ramp(start, to, begin, round(request.over_s * 1e9), request.curve, whole)
                    self._ramps[node, param] = (ramp, request.origin)
                else:
                    self._ramps.pop((node, param), None)
                    at_once.setdefault(node, {})[param] = to
        origins = {_target(node, param): request.origin for node, fields in at_once.items() for param in fields}
        self._switch(self._tried(at_once), begin, origins)
        return self.revision

    def _tried(self, wanted: Fields) -> dict[str, Params]:
        """The snapshots that a transaction would make; `ParamError` says what is wrong with which."""
        snapshots: dict[str, Params] = {}
        for node, fields in wanted.items():
            versions = self._node(node)
            try:
                snapshots[node] = changed(versions.latest, fields)
                self._try_cadence(node, snapshots[node])
            except ParamError as error:
                raise ParamError(f"node {node}: {error}" if node else str(error)) from None
        return snapshots

    def _switch(self, snapshots: Mapping[str, Params], from_pts_ns: int, origins: Mapping[str, str]) -> None:
        """From this pts on they hold; whoever listens is told what differs."""
        self.revision += 1
        told: dict[str, Any] = {}
        for node, snapshot in snapshots.items():
            latest = self._versions[node].latest
            self._versions[node].add(from_pts_ns, snapshot)
            for param in type(snapshot).model_fields:
                target = _target(node, param)
                if target in origins or getattr(latest, param) != getattr(snapshot, param):
                    self._revisions[target] = self.revision
                    if flag(type(snapshot), param, "remote"):
                        told[target] = self._shown(node, param)
        change = Change(self.revision, told, dict(origins))
        for hear in tuple(self._hearers):
            try:
                hear(change)
            except Exception:  # whoever listens: the others are told all the same
                log.exception("a listener failed")

    def _note(self, wanted: Fields, origin: str) -> None:
        before = {
            _target(node, param): getattr(self.wished(node), param)
            for node, fields in wanted.items()
            for param in fields
        }
        self._history.note(before, origin, time.monotonic())

    def _try_cadence(self, node: str, params: Params) -> None:
        """A node that is to be rebuilt must be able to say what it will take."""
        if node in self._plan.by_id:
            try:
                self._plan.by_id[node].cls.cadence_for(params)
            except Exception as error:  # the plugin's own code
                raise ParamError(str(error)) from None

    @contextmanager
    def _redacted(self) -> Iterator[None]:
        """A refusal repeats nothing that came from the environment."""
        try:
            yield
        except ParamError as error:
            self._redactor.clean(error)
            raise

    def _preset(self, name: str) -> Mapping[str, Any]:
        if name not in self.presets:
            raise ParamError(presets.unknown("preset", name, self.presets))
        return self.presets[name]

    def _shown(self, node: str, param: str) -> Any:
        latest = self._versions[node].latest
        return REDACTED if flag(type(latest), param, "secret") else self._redactor.value(getattr(latest, param))

    def _is_open(self, value: Any) -> bool:
        """Whether nothing of it came from the environment."""
        return bool(self._redactor.value(value) == value)

    def _seen(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {address: self._redactor.value(value) for address, value in values.items() if address in self.knobs}

    def _known(self, node: str, param: str) -> Params:
        """What a node began with; `ParamError` where it has no such parameter."""
        self._node(node)
        if param not in type(self._started[node]).model_fields:
            raise ParamError(presets.unknown("parameter", f"{node}.{param}", dict(self._started[node])))
        return self._started[node]

    def _node(self, name: str) -> Versions:
        if name not in self._versions:
            raise ParamError(presets.unknown("node", name, self._plan.by_id))
        return self._versions[name]


def _target(node: str, param: str) -> str:
    return f"{node}.{param}" if node else param
