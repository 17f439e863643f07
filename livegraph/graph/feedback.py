"""Cycles, and `core.delay`, the way out of one: an earlier picture is fed back."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from livegraph.core.delay import Delay
from livegraph.graph.draft import Draft, Step, Wire
from livegraph.wording import counted


def bend_delays(draft: Draft) -> None:
    """Turn each `core.delay` that feeds a port other than its node's first into a wire of role `feedback`."""
    bent: list[str] = []
    for step in draft.steps.values():
        first = first_port(step)
        for wire in step.wires:
            if wire.declared is not None and wire.port != first and _is_delay(draft, wire):
                bent.append(wire.src.node)
                _bend(draft, wire)
    _drop_unused(draft, bent)


def first_port(step: Step) -> str | None:
    """The primary port: the first declared one that frames come to."""
    wired = {wire.port for wire in step.wires if wire.declared is not None}
    return next((name for name in step.cls.inputs if name in wired), None)


def _is_delay(draft: Draft, wire: Wire) -> bool:
    return issubclass(draft.steps[wire.src.node].cls, Delay)


def _bend(draft: Draft, wire: Wire) -> None:
    """Lead the wire past the delays (one may feed another) to what feeds them."""
    passed: set[str] = set()
    while _is_delay(draft, wire) and wire.src.node not in passed:
        delay = draft.steps[wire.src.node]
        if not delay.wires:
            return
        passed.add(delay.id)
        wire.delay_frames += delay.params.frames  # type: ignore[attr-defined]
        wire.src = delay.wires[0].src
    wire.role = "feedback"
    if not wire.optional:
        draft.refuse(
            wire.said.place,
            "the delayed picture is not there at first, and this input must have one",
            node=wire.dst,
            port=wire.port,
            hint=f"Write `{{from: {wire.said.node}, optional: true}}`.",
        )


def _drop_unused(draft: Draft, bent: Iterable[str]) -> None:
    """A delay that has become a wire is no node any more; nor are those that fed only it."""
    queue = list(bent)
    for name in queue:
        step = draft.steps.get(name)
        if step is not None and issubclass(step.cls, Delay) and not draft.consumers(name):
            del draft.steps[name]
            queue += [wire.src.node for wire in step.wires]


def refuse_cycles(draft: Draft) -> None:
    """One problem per knot of nodes that wait for each other, naming one way round it."""
    flow = draft.flow()
    rank = {name: index for index, name in enumerate(draft.steps)}
    for knot in nx.strongly_connected_components(flow):
        first = min(knot, key=rank.__getitem__)
        if len(knot) > 1 or flow.has_edge(first, first):
            cycle = [edge[0] for edge in nx.find_cycle(flow.subgraph(knot), first)]
            start = min(range(len(cycle)), key=lambda index: rank[cycle[index]])
            _refuse_cycle(draft, cycle[start:] + cycle[:start])


def _refuse_cycle(draft: Draft, cycle: list[str]) -> None:
    """`cycle` begins with the node that stands first in the file; its last node feeds its first."""
    first, last = draft.steps[cycle[0]], cycle[-1]
    if first.is_function:
        _refuse_circular(draft, first, cycle)
        return
    wire = next(wire for wire in first.wires if wire.src.node == last)
    way = " -> ".join([*cycle, cycle[0]])
    delay = next((name for name in cycle if issubclass(draft.steps[name].cls, Delay)), None)
    if delay is None:
        hint = f"Put core.delay between {last} and {first.id}: it feeds an earlier picture back."
    else:
        fed = next(wire for wire in draft.consumers(delay) if wire.dst in cycle)
        hint = f"{delay} must feed an optional input: {fed.port} of {fed.dst} is what sets its pace."
    draft.refuse(wire.said.place, f"a cycle: {way}", node=first.id, port=wire.port, hint=hint)


def _refuse_circular(draft: Draft, first: Step, cycle: list[str]) -> None:
    """Signals that are computed from each other; no frame comes in between."""
    place = next((said.place for said in first.entry.inputs.values() if said.node == cycle[-1]), first.place)
    draft.refuse(
        place,
        f"a cycle: {' -> '.join([*cycle, cycle[0]])}",
        node=first.id,
        hint="A signal cannot be computed from itself: take one of these references out.",
    )


def refuse_deadlocks(draft: Draft) -> None:
    """A chunk node inside a cycle answers a frame only when its chunk is full: the delay must reach back that far."""
    flow = draft.flow()
    order = [step.id for step in draft.order()]
    for wire in [wire for wire in draft.wires() if wire.role == "feedback"]:
        held = _most_held(draft, order, wire.dst, wire.src.node)
        if held is None or wire.delay_frames > held:
            continue
        way = " -> ".join(nx.shortest_path(flow, wire.dst, wire.src.node))
        draft.problems.add(
            wire.said.place,
            f"a delay of {counted(wire.delay_frames, 'frame')} can never be met: "
            f"{way} holds back {counted(held, 'frame')}",
            node=wire.dst,
            port=wire.port,
            hint=f"Set frames of {wire.said.node} to {held + 1} or more.",
        )


def _most_held(draft: Draft, order: list[str], start: str, end: str) -> int | None:
    """The most frames that a way from `start` to `end`, both counted, holds back; None where there is none."""
    held: dict[str, int] = {start: 0}
    for name in order:
        step = draft.steps[name]
        before = [held[wire.src.node] for wire in step.wires if wire.role != "feedback" and wire.src.node in held]
        if name == start or before:
            held[name] = max(before, default=0) + step.cadence.take - 1 + step.cadence.delay
    return held.get(end)
