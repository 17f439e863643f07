"""Which work holds its source's credits on a live run, and what each wire may lose.

Attached is what the sinks that matter wait for. What only feeds held inputs, or a recording beside a shown output, is
detached: it takes what it can get. Nothing may be lost between a fork and the place where its branches meet again by
pts, so a detached branch of that shape is attached after all. (A recording whose picture and sound part at the source
and are merged again stays detached: a merge takes what comes, and waits for no partner.) Offline everything is
attached, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable

from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.forks import losses
from livegraph.graph.plan import Policy
from livegraph.node import Sink
from livegraph.types import Mode

_USUAL = {"drop_oldest": 60, "history": 512}
"""Frames on a live edge that may lag: a recording behind the show, a held value behind its primary."""
_LOSSY = ("latest", "drop_oldest")
_WAITING = ("primary", "exact", "merge")


def attach(draft: Draft, asked: str) -> None:
    """Decide the mode, mark steps as attached and sources as gated, and give each wire its policy."""
    cut = _cut(draft)
    roots = _roots(draft, cut)
    notes: dict[str, None] = {}
    while True:
        attached = _behind(draft, roots, stop=cut)
        recorded = _behind(draft, _recorders(draft, attached), stop=attached)
        _set_policies(draft, attached, recorded)
        met = [meeting for meeting in losses(draft, ("exact", "nearest")) if meeting.join not in attached | cut]
        if not met:
            break
        roots |= {meeting.join for meeting in met}
        notes |= dict.fromkeys(f"{meeting.join} is attached: {meeting}" for meeting in met)
    _refuse_losses(draft)
    gated = {step.id for step in draft.steps.values() if step.kind == "source" and step.id in attached}
    draft.mode = _mode(draft, asked, gated)
    for step in draft.steps.values():
        step.attached = step.id in attached
        step.gated = step.id in gated
    if draft.mode == "offline":
        _lose_nothing(draft)
    else:
        draft.notes.extend(notes)


def _mode(draft: Draft, asked: str, gated: Iterable[str]) -> Mode:
    if asked in ("live", "offline"):
        return "live" if asked == "live" else "offline"
    return "live" if any(draft.ask(draft.steps[name], "is_live", False) for name in gated) else "offline"


def _is_cut(wire: Wire | None) -> bool:
    return wire is not None and wire.said.edge.policy in _LOSSY


def _cut(draft: Draft) -> set[str]:
    """The nodes to whose primary input a lossy wire leads, by the file's own word."""
    cut: set[str] = set()
    for step in draft.order():
        primary = step.primary()
        if primary is not None and (_is_cut(primary) or primary.src.node in cut):
            cut.add(step.id)
    return cut


def _roots(draft: Draft, cut: set[str]) -> set[str]:
    """The sinks that hold credits; where every sink is cut off, the nodes just before the cuts."""
    sinks = [step for step in draft.steps.values() if step.kind == "sink" and step.id not in cut]
    shown = any(_flag(step, "presents") for step in sinks)
    roots = {step.id for step in sinks if not (shown and _steps_back(step))}
    if roots:
        return roots
    primaries = [step.primary() for step in draft.steps.values()]
    return {wire.src.node for wire in primaries if wire and _is_cut(wire) and wire.src.node not in cut}


def _flag(step: Step, name: str) -> bool:
    return issubclass(step.cls, Sink) and bool(getattr(step.cls, name))


def _steps_back(step: Step) -> bool:
    """A recorder beside a sink that shows, unless its reference says `edge: attached`."""
    primary = step.primary()
    asked = primary is not None and primary.said.edge.policy == "attached"
    return _flag(step, "records") and not _flag(step, "presents") and not asked


def _recorders(draft: Draft, attached: set[str]) -> set[str]:
    return {step.id for step in draft.steps.values() if _flag(step, "records") and step.id not in attached}


def _behind(draft: Draft, roots: Iterable[str], stop: set[str]) -> set[str]:
    """The roots and all whose frames they wait for, up to the nodes in `stop`."""
    found = set(roots) - stop
    open_ends = list(found)
    while open_ends:
        step = draft.steps[open_ends.pop()]
        for wire in step.wires:
            name = wire.src.node
            if _waits(draft, step, wire) and name not in found | stop:
                found.add(name)
                open_ends.append(name)
    return found


def _waits(draft: Draft, step: Step, wire: Wire) -> bool:
    """Whether a node waits for what a wire brings; a held input does where its reference says `edge: attached`."""
    if _is_cut(wire) or wire.role == "feedback":
        return False
    if wire.role in _WAITING:
        return True
    same = draft.steps[wire.src.node].lead == step.lead
    return same and (wire.role == "nearest" or wire.said.edge.policy == "attached")


def _set_policies(draft: Draft, attached: set[str], recorded: set[str]) -> None:
    for wire in draft.wires():
        held = wire.src.node in attached and wire.dst in attached
        wire.policy = _policy(wire, held, wire.dst in recorded)
        said = wire.said.edge
        if said.capacity is not None:
            wire.capacity = said.capacity
        elif wire.policy in _USUAL:
            wire.capacity = _USUAL[wire.policy] + wire.delay_frames
        wire.max_bytes = said.max_bytes or wire.max_bytes


def _policy(wire: Wire, attached: bool, recorded: bool) -> Policy:
    if wire.role not in _WAITING:
        return "history"
    if wire.said.edge.policy in _LOSSY:
        return "latest" if wire.said.edge.policy == "latest" else "drop_oldest"
    if attached:
        return "attached"
    return "drop_oldest" if recorded or wire.role == "merge" or _is_small(wire) else "latest"


def _is_small(wire: Wire) -> bool:
    """Sound and signals are listened to without holes: a few frames of them may wait."""
    return wire.declared is not None and wire.declared.type.name in ("Audio", "Signal")


def _refuse_losses(draft: Draft) -> None:
    """A merge takes what comes: there only what the file itself says is refused. Wires that are lossy because they
    follow such a one are told where no other reason is.
    """
    met = list(losses(draft, ("exact", "nearest", "merge")))
    said = [meeting for meeting in met if _is_cut(meeting.wire)]
    told = {meeting.join for meeting in said}
    followed = [meeting for meeting in met if meeting.join not in told and meeting.role != "merge"]
    for meeting in [*said, *followed]:
        wire = meeting.wire
        where = f"edge: {wire.policy}" if _is_cut(wire) else f"behind a lossy `edge`, this wire ({wire.policy})"
        draft.problems.add(
            wire.said.place,
            f"{where} loses frames, and {meeting}",
            node=wire.dst,
            port=wire.port,
            hint=f"Only in front of `join: hold` may frames be lost: write that at {meeting.join}, or take `edge` out.",
        )


def _lose_nothing(draft: Draft) -> None:
    for step in draft.steps.values():
        step.attached = True
        for wire in step.wires:
            if wire.policy in _LOSSY:
                wire.policy = "attached"
                wire.capacity = wire.said.edge.capacity or 8
