"""A node's parameters against its model: every wrong one with its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from livegraph.graph.document import Value
from livegraph.graph.problems import Place, Problems, did_you_mean
from livegraph.params import Params, choices
from livegraph.registry import nearest
from livegraph.wording import there_are


def is_reference(model: type[Params], name: str, value: Value) -> bool:
    """Whether a parameter's value is a wire, `{from: lfo}`, rather than a mapping that the parameter takes itself."""
    if not isinstance(value.data, Mapping) or "from" not in value.data or name not in model.model_fields:
        return False
    return not _takes_mapping(model.model_fields[name].annotation)


def takes_fractions(annotation: Any) -> bool:
    """Whether a signal can feed a parameter of this type."""
    return annotation is float or any(takes_fractions(inner) for inner in get_args(annotation))


def _takes_mapping(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if annotation is Any or (isinstance(origin, type) and issubclass(origin, Mapping | BaseModel)):
        return True
    return any(_takes_mapping(inner) for inner in get_args(annotation))


def check_params(
    model: type[Params], given: Mapping[str, Value], keys: Mapping[str, Place], place: Place, node: str, told: Problems
) -> Params | None:
    """The validated parameters. Wrong ones are noted, and then stand at their defaults, so that the rest of the graph
    can be checked; None where a required one is missing.
    """
    values = dict(given)
    for name in [name for name in values if name not in model.model_fields]:
        near = nearest(name, model.model_fields)
        there = there_are(model.model_fields)
        told.add(keys.get(name, place), f"no parameter {name!r}", node=node, hint=did_you_mean(near, there))
        del values[name]
    errors = _validate(model, values)
    if isinstance(errors, list) and (filled := _as_text(values, errors)) is not None:
        values, errors = filled, _validate(model, filled)
    if isinstance(errors, Params):
        return errors
    _report(model, values, errors, place, node, told)
    wrong = {item["loc"][0] for item in errors if item["loc"]}
    kept = _validate(model, {name: value for name, value in values.items() if name not in wrong})
    return kept if isinstance(kept, Params) else None


def _validate(model: type[Params], values: Mapping[str, Value]) -> Params | list[ErrorDetails]:
    try:
        return model.model_validate({name: value.plain() for name, value in values.items()})
    except ValidationError as error:
        return error.errors(include_url=False)
    except Exception as error:  # a plugin's own validator: told as any other wrong value
        reason = f"cannot be checked: {type(error).__name__}: {error}"
        return [{"type": "plugin", "loc": (), "msg": reason, "input": None}]


def _as_text(values: Mapping[str, Value], errors: Sequence[ErrorDetails]) -> dict[str, Value] | None:
    """The values with those that came from outside the file (`${NAME}`, `--set`) as text where they were refused as
    numbers or flags; None where there is none.
    """
    wrong = {item["loc"][0] for item in errors if item["loc"]}
    texts = {
        name: Value(value.filled, value.place, written=value.written)
        for name, value in values.items()
        if name in wrong and value.filled is not None
    }
    return {**values, **texts} if texts else None


def _report(
    model: type[Params],
    values: Mapping[str, Value],
    errors: Sequence[ErrorDetails],
    place: Place,
    node: str,
    told: Problems,
) -> None:
    by_name: dict[str, list[ErrorDetails]] = defaultdict(list)
    for item in errors:
        by_name[str(item["loc"][0]) if item["loc"] else ""].append(item)
    for name, items in by_name.items():
        value = values.get(name)
        if not name:
            told.add(place, f"the parameters are refused: {_lower(items[0]['msg'])}", node=node)
        elif value is None:
            told.add(place, f"parameter {name} must be given", node=node, hint=_doc(model, name))
        else:
            at = _inner(value, items[0]["loc"][1:])
            reasons = " or ".join(dict.fromkeys(_lower(item["msg"]) for item in items))
            if at.filled and at.written:
                reasons = reasons.replace(at.filled, at.written)
            near = nearest(at.data, map(str, choices(model, name))) if isinstance(at.data, str) else None
            told.add(at.place, f"parameter {name}: {reasons}, got {at.shown()}", node=node, hint=did_you_mean(near))


def _doc(model: type[Params], name: str) -> str | None:
    description = model.model_fields[name].description
    return f"It is {description}." if description else None


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _inner(value: Value, path: Sequence[int | str]) -> Value:
    """The value inside a list or mapping that an error is about, as far as the path leads."""
    for part in path:
        data = value.data
        if isinstance(data, Mapping) and part in data:
            value = data[str(part)]
        elif isinstance(data, tuple) and isinstance(part, int) and part < len(data):
            value = data[part]
        else:
            break
    return value
