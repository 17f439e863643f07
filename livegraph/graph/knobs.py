"""Controls, presets and `--set`: values that come to parameters by another way than a node's `params`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from livegraph.control.presets import check_range, resolve, target, unknown
from livegraph.control.show import SHOW, Show
from livegraph.controller import ControllerPlan
from livegraph.errors import ParamError, PluginError
from livegraph.graph.document import Refused, Value, parse, scalar
from livegraph.graph.draft import Draft
from livegraph.graph.parameters import check_params
from livegraph.graph.plan import BUILT_IN, Control
from livegraph.graph.problems import NOWHERE, Place, Problems, did_you_mean
from livegraph.graph.schema import ControlEntry, ControllerEntry, GraphFile
from livegraph.params import Params, bounds
from livegraph.registry import Registry, nearest
from livegraph.wording import there_are

Sets = Mapping[str, str] | Sequence[str]


def laid_over(file: GraphFile, sets: Sets, preset: str | None, problems: Problems) -> dict[str, dict[str, Value]]:
    """What a preset, and over it `--set`, give to parameters: node -> parameter -> value. The node of the built-in
    controls is `SHOW`.
    """
    controls = _targets(file)
    values: dict[str, dict[str, Value]] = {}
    if preset is not None:
        if preset not in file.presets:
            problems.add(Place(label=f"--preset {preset}"), unknown("preset", preset, file.presets))
        else:
            for key, value in file.presets[preset].data.items():
                node, _, param = _resolved(controls, key)
                if key in controls or node in file.nodes:
                    values.setdefault(node, {})[param] = value
    for key, value in _split(sets, problems):
        if key not in controls and "." not in key:
            problems.add(value.place, unknown("control", key, controls))
        elif (node := _resolved(controls, key)[0]) not in file.nodes and key not in BUILT_IN:
            if node not in file.broken:
                hint = did_you_mean(nearest(node, file.nodes), there_are(file.nodes))
                problems.add(value.place, f"no node {node!r}", hint=hint)
        elif _within_control(controls.get(key), value, problems):
            values.setdefault(node, {})[_resolved(controls, key)[2]] = value
    return values


def _targets(file: GraphFile) -> dict[str, Control]:
    """Controls by name, as written, and the built-in ones."""
    parts = {name: entry.target.partition(".") for name, entry in file.controls.items()}
    own = {name: Control(name, node, param, file.controls[name].range) for name, (node, _, param) in parts.items()}
    return {**own, **BUILT_IN}


def _resolved(controls: Mapping[str, Control], key: str) -> tuple[str, str, str]:
    if key in controls:
        return controls[key].node, ".", controls[key].param
    return key.partition(".")


def _split(sets: Sets, problems: Problems) -> list[tuple[str, Value]]:
    """`node.param=value` as key and value; the value is read as YAML reads an unquoted scalar, or a `[list]`."""
    if isinstance(sets, Mapping):
        pairs = [(key, str(value)) for key, value in sets.items()]
    else:
        pairs = []
        for item in sets:
            key, equals, text = item.partition("=")
            if equals:
                pairs.append((key.strip(), text.strip()))
            else:
                problems.add(Place(label=f"--set {item}"), "a setting is `node.parameter=value` or `control=value`")
    return [(key, _read(text, Place(label=f"--set {key}={text}"))) for key, text in pairs]


def _read(text: str, place: Place) -> Value:
    if text.startswith("["):
        try:
            return Value(parse(text, {}, Problems()).data, place, filled=text)
        except Refused:
            pass  # no list after all: text that begins with a bracket
    return Value(scalar(text), place, filled=text)


def _within_control(control: Control | None, value: Value, problems: Problems) -> bool:
    """Whether a control's own range allows the value. If not, that is told, and not the parameter's range as well."""
    try:
        if control is not None:
            check_range(control, value.data)
    except ParamError as error:
        problems.add(value.place, str(error), node=control.node if control is not None else None)
        return False
    return True


def check_controls(draft: Draft) -> dict[str, Control]:
    """The controls whose targets exist; the others are noted as problems."""
    found: dict[str, Control] = {}
    for name, entry in draft.file.controls.items():
        control = _check_target(draft, entry)
        if control is not None:
            found[name] = control
    return found


def check_show(given: Mapping[str, Value], problems: Problems) -> Params:
    """The built-in controls as the run begins."""
    return check_params(Show, given, {}, NOWHERE, SHOW, problems) or Show()


def _check_target(draft: Draft, entry: ControlEntry) -> Control | None:
    if entry.name in BUILT_IN:
        draft.problems.add(entry.place, f"control {entry.name}: every graph has one of this name", hint="Rename it.")
        return None
    node, _, param = entry.target.partition(".")
    if not _has_param(draft, node, param, entry.place, f"control {entry.name}"):
        return None
    if entry.range is not None:
        low, high = bounds(draft.steps[node].cls.Params, param)
        if (low is not None and entry.range[0] < low) or (high is not None and entry.range[1] > high):
            allowed = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
            draft.problems.add(
                entry.place, f"control {entry.name}: the range reaches beyond that of {entry.target}, {allowed}"
            )
    return Control(entry.name, node, param, entry.range)


def _has_param(draft: Draft, node: str, param: str, place: Place, what: str) -> bool:
    """Whether a node has a parameter; if not, a problem is noted (but none that follows from an earlier one)."""
    step = draft.steps.get(node)
    if step is None:
        if node not in draft.missing:
            near = nearest(node, [*draft.steps, *draft.missing])
            there = there_are(draft.steps)
            draft.problems.add(place, f"{what}: no node {node!r}", hint=did_you_mean(near, there))
        return False
    names = step.cls.Params.model_fields
    if param in names:
        return True
    hint = did_you_mean(nearest(param, names), there_are(names))
    message = f"no parameter {param!r}" if param else f"{node!r} names no parameter"
    draft.problems.add(place, f"{what}: {message}", node=node, hint=hint)
    return False


def check_presets(draft: Draft, controls: Mapping[str, Control]) -> dict[str, dict[str, Any]]:
    """Every preset of the file, each of its values tried on the parameter that it is for."""
    known = {**controls, **BUILT_IN}
    return {
        name: {
            key: value.plain()
            for key, value in preset.data.items()
            if _check_setting(draft, known, name, key, value, preset.keys.get(key, NOWHERE))
        }
        for name, preset in draft.file.presets.items()
    }


def _check_setting(
    draft: Draft, controls: Mapping[str, Control], preset: str, key: str, value: Value, place: Place
) -> bool:
    if key in draft.file.controls and key not in controls:
        return False
    what = f"preset {preset}"
    if key not in controls and "." not in key:
        draft.problems.add(place, f"{what}: {unknown('control', key, controls)}")
        return False
    node, param = target(controls, key)
    if key not in controls and not _has_param(draft, node, param, place, what):
        return False
    before = len(draft.problems)
    value = replace(value, place=value.place._replace(label=what))
    model, beside = _beside(draft, node)
    if _within_control(controls.get(key), value, draft.problems):
        check_params(model, {**beside, param: value}, {}, value.place, node, draft.problems)
    return len(draft.problems) == before


def _beside(draft: Draft, node: str) -> tuple[type[Params], dict[str, Value]]:
    """The model of a node's parameters, and what the file gives to them."""
    if node == SHOW:
        return Show, {}
    step = draft.steps[node]
    model = step.cls.Params
    return model, {name: value for name, value in step.given.items() if name in model.model_fields}


def check_controllers(
    file: GraphFile, registry: Registry, asked: Sequence[str], problems: Problems
) -> list[ControllerPlan]:
    """The control surfaces that the file names, and those that were asked for beside it, with checked parameters."""
    more = [ControllerEntry(name, Place(label=f"--controller {name}"), Value({})) for name in asked]
    entries = {entry.name: entry for entry in more} | dict(file.controllers)
    found = []
    for entry in entries.values():
        try:
            cls = registry.controller(entry.name)
        except PluginError as error:
            problems.add(entry.place, str(error))
            continue
        params = check_params(cls.Params, entry.params.data, entry.params.keys, entry.place, entry.name, problems)
        if params is not None:
            found.append(ControllerPlan(entry.name, cls, params))
    return found


def kept_controls(controls: Mapping[str, Control], nodes: Mapping[str, object]) -> dict[str, Control]:
    """Those whose node is in the plan: it may have been left out."""
    return {name: control for name, control in controls.items() if control.node in nodes}


def kept_presets(
    presets: Mapping[str, Mapping[str, Any]], controls: Mapping[str, Control], nodes: Mapping[str, object]
) -> dict[str, dict[str, Any]]:
    """The same for the values of presets."""
    known, there = {**controls, **BUILT_IN}, {SHOW, *nodes}
    return {
        name: {key: value for key, value in values.items() if _node_of(known, key) in there}
        for name, values in presets.items()
    }


def _node_of(controls: Mapping[str, Control], key: str) -> str:
    return next(iter(resolve(controls, {key: None})))
