"""From a graph as written to a plan: the order of the checks, and the freezing of what they found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from livegraph.control.show import SHOW
from livegraph.graph.assemble import assemble
from livegraph.graph.attach import attach
from livegraph.graph.converters import insert_converters
from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.feedback import bend_delays, refuse_cycles, refuse_deadlocks
from livegraph.graph.formats import choose_formats
from livegraph.graph.knobs import (
    Sets,
    check_controllers,
    check_controls,
    check_presets,
    check_show,
    kept_controls,
    kept_presets,
    laid_over,
)
from livegraph.graph.latency import latencies, source_fps
from livegraph.graph.plan import Control, EdgePlan, NodePlan, Plan
from livegraph.graph.problems import Place, Problems
from livegraph.graph.prune import leave_out_unavailable, leave_out_unused
from livegraph.graph.redaction import Redactor
from livegraph.graph.roles import assign_roles, refuse_strangers
from livegraph.graph.schema import GraphFile
from livegraph.graph.sizes import foresee_memory, hint_sizes
from livegraph.registry import Registry
from livegraph.types import Mode, OnError


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever loads a graph asks for, over what the file says."""

    mode: Mode | None = None
    sets: Sets = ()
    preset: str | None = None
    availability: bool = True
    controllers: Sequence[str] = ()


def make_plan(file: GraphFile, registry: Registry, asked: Asked, problems: Problems, path: str) -> Plan | None:
    """The plan, or None with at least one problem noted."""
    settings = laid_over(file, asked.sets, asked.preset, problems)
    draft = assemble(file, registry, settings, problems)
    controls = check_controls(draft)
    presets = check_presets(draft, controls)
    show = check_show(settings.get(SHOW, {}), problems)
    controllers = check_controllers(file, registry, asked.controllers, problems)
    _wire_up(draft)
    if draft.sound and asked.availability:
        leave_out_unavailable(draft)
    if not draft.sound:
        return None
    leave_out_unused(draft)
    _work_out(draft, registry, asked.mode or file.mode)
    if not draft.sound:
        return None
    if problems:
        return None
    plan = _check_budget(draft, _freeze(draft, controls, presets, path))
    plan = replace(plan, show=show, controllers=tuple(controllers))
    _ask_controllers(file, plan, problems)
    return plan if not problems else None


def _ask_controllers(file: GraphFile, plan: Plan, problems: Problems) -> None:
    """Whether each can do anything with this graph."""
    for controller in plan.controllers:
        objection = controller.cls.objection(controller.params, plan)
        if objection is not None:
            entry = file.controllers.get(controller.name)
            place = entry.place if entry is not None else Place(label=f"--controller {controller.name}")
            problems.add(place, objection)


def _wire_up(draft: Draft) -> None:
    """The checks that need every node and wire of the file, even those that will not run here."""
    if draft.file.nodes and not draft.missing and not any(step.kind == "sink" for step in draft.steps.values()):
        draft.refuse(
            draft.file.place, "the graph has no sink: nothing would come out of it", hint="Add, say, media.record."
        )
    if draft.sound:
        bend_delays(draft)
        refuse_cycles(draft)
    if draft.sound:
        refuse_deadlocks(draft)


def _work_out(draft: Draft, registry: Registry, mode: str) -> None:
    assign_roles(draft)
    if not draft.sound:
        return
    choose_formats(draft)
    insert_converters(draft, registry)
    attach(draft, mode)
    refuse_strangers(draft)
    hint_sizes(draft)
    foresee_memory(draft)
    for step in draft.steps.values():
        if step.kind == "source":
            draft.ask(step, "fps_for", None)


def _check_budget(draft: Draft, plan: Plan) -> Plan:
    """Refuse a latency budget below what the graph holds back by design; say so where that cannot be known."""
    budget, notes = draft.file.latency_budget_ns, list(plan.notes)
    for latency in latencies(plan) if budget is not None else ():
        if latency.ms is None:
            notes.append(f"latency_budget is watched at run time only: the rate of {latency.path[0]} is not known yet")
        elif latency.ms * 1e6 > (budget or 0):
            draft.problems.add(draft.file.budget_place, f"latency_budget is {(budget or 0) / 1e6:g} ms, but {latency}")
    redacted = Redactor(plan.secrets)
    return replace(plan, name=redacted(plan.name), notes=tuple(dict.fromkeys(map(redacted, notes))))


def _freeze(draft: Draft, controls: Mapping[str, Control], presets: Mapping[str, Mapping[str, Any]], path: str) -> Plan:
    order = draft.order()
    file, nodes = draft.file, {step.id: step for step in order}
    return Plan(
        name=file.name,
        mode=draft.mode,
        nodes=tuple(_node_plan(draft, step) for step in order if not step.is_function),
        functions=tuple(_node_plan(draft, step) for step in order if step.is_function),
        controls=kept_controls(controls, nodes),
        presets=kept_presets(presets, controls, nodes),
        latency_budget_ns=file.latency_budget_ns,
        deadline_ns=file.deadline_ns,
        notes=tuple(draft.notes),
        seed=file.seed,
        path=path,
        secrets=frozenset(draft.problems.secrets),
    )


def _node_plan(draft: Draft, step: Step) -> NodePlan:
    usual: OnError = "restart" if draft.mode == "live" else "stop"
    return NodePlan(
        id=step.id,
        type=step.entry.use,
        kind=step.kind,
        cls=step.cls,
        params=step.params,
        cadence=step.cadence,
        on_error=step.entry.on_error or step.cls.on_error or usual,
        inputs=tuple(_edge_plan(wire) for wire in step.wires),
        functions=dict(step.functions),
        wired_functions=dict(step.wired_functions),
        shapes=dict(step.shapes),
        formats=dict(step.formats),
        wired=frozenset(_wired(draft, step)),
        size_hint=step.size_hint,
        fps_hint=_lead_fps(draft, step),
        memory=step.memory,
        attached=step.attached,
        leads=step.lead,
        timeout_s=step.entry.timeout_s or step.cls.timeout,
        gated=step.gated,
    )


def _wired(draft: Draft, step: Step) -> Iterator[str]:
    yield from (wire.port for wire in step.wires if wire.declared is not None)
    yield from step.functions
    yield from (wire.src.port for wire in draft.consumers(step.id))


def _lead_fps(draft: Draft, step: Step) -> float | None:
    """The nominal rate of the source that leads a node; a source leads itself."""
    lead = step if step.kind == "source" else draft.steps.get(step.lead)
    return source_fps(lead.cls, lead.params) if lead is not None else None


def _edge_plan(wire: Wire) -> EdgePlan:
    said, port = wire.said, wire.declared
    return EdgePlan(
        src=wire.src,
        dst=wire.dst,
        port=wire.port,
        role=wire.role,
        policy=wire.policy,
        capacity=wire.capacity,
        max_bytes=wire.max_bytes,
        format=wire.format,
        optional=wire.optional,
        wait_ns=said.wait_ns,
        max_age_ns=said.max_age_ns if said.max_age_ns is not None else _ns(port.max_age if port else None),
        tolerance_ns=said.tolerance_ns if said.tolerance_ns is not None else _ns(port.tolerance if port else None),
        delay_frames=wire.delay_frames,
        wired=port is None,
    )


def _ns(seconds: float | None) -> int | None:
    return round(seconds * 1e9) if seconds is not None else None
