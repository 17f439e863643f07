"""Parameters: declared with `Param`, read as attributes, frozen per call, versioned by pts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from livegraph.errors import ParamError


class Params(BaseModel):
    """The base of every node's parameter model: frozen, and an unknown name is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )


def Param(
    default: Any = PydanticUndefined,
    *,
    doc: str,
    live: bool = False,
    remote: bool = True,
    secret: bool = False,
    unit: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    pattern: str | None = None,
) -> Any:
    """Declare a parameter of a node: `ratio: float = Param(0.3, ge=0, le=1, live=True, doc="...")`.

    Without a default it must be given. `live`: the value is swapped between two frames; otherwise the node is rebuilt
    with it. `remote=False` (paths, addresses, devices) is neither shown nor set from outside the machine; `secret`
    is never printed either. `unit` is what a person reads beside the number ("s", "px", "fps"). Choices are spelled
    as a `Literal` type.
    """
    extra: dict[str, Any] = {"live": live, "remote": remote and not secret, "secret": secret}
    if unit is not None:
        extra["unit"] = unit
    field: Any = Field(default, description=doc, ge=ge, gt=gt, le=le, lt=lt, pattern=pattern, json_schema_extra=extra)
    return field


def is_param(value: object) -> bool:
    """Whether a class attribute was declared with `Param`."""
    return isinstance(value, FieldInfo)


def param_model(owner: str, fields: Mapping[str, tuple[Any, FieldInfo]], base: type[Params] = Params) -> type[Params]:
    """The Pydantic model of a node's parameters, in order of declaration."""
    definitions: dict[str, Any] = dict(fields)
    return create_model(f"{owner}Params", __base__=base, **definitions)


@cache
def flag(model: type[Params], name: str, key: str) -> Any:
    """What `Param` was told of a field: `live`, `remote`, `secret` or `unit`."""
    extra = model.model_fields[name].json_schema_extra
    return extra.get(key) if isinstance(extra, dict) else None


def bounds(model: type[Params], name: str) -> tuple[float | None, float | None]:
    """The inclusive range of a numeric field, None where open."""
    low: float | None = None
    high: float | None = None
    for rule in model.model_fields[name].metadata:
        low = getattr(rule, "ge", low)
        high = getattr(rule, "le", high)
    return low, high


def choices(model: type[Params], name: str) -> tuple[Any, ...]:
    """The values of a `Literal` field, else none."""
    annotation = model.model_fields[name].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def changed(snapshot: Params, values: Mapping[str, Any]) -> Params:
    """A validated copy of `snapshot` with `values` laid over it; `ParamError` says what is wrong with which."""
    model = type(snapshot)
    unknown = [name for name in values if name not in model.model_fields]
    if unknown:
        raise ParamError(f"no parameter {unknown[0]!r}; there are {', '.join(model.model_fields) or 'none'}")
    current = {name: getattr(snapshot, name) for name in model.model_fields}
    try:
        return model.model_validate({**current, **values})
    except ValidationError as error:
        raise ParamError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """A validation error as one line: `ratio: input should be less than or equal to 1 (got 3)`."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {_reason(item)}" for item in error.errors())


def _reason(item: ErrorDetails) -> str:
    if item["type"] == "missing":
        return "a value is required"
    return f"{item['msg'][:1].lower()}{item['msg'][1:]} (got {item['input']!r})"


VERSIONS = 1024
"""The most changes that a node may lag behind. Beyond it nobody asks: the node is down for good, or gets no frames."""


class Versions:
    """A node's snapshots by the pts from which each holds: `at` finds the one that a frame asks for.

    A reader asks with rising pts, so versions that none of its later frames can ask for are let go; where several read,
    each has a `reader` of its own. Of one who never asks only the newest are kept. Loop thread only.
    """

    __slots__ = ("_pending", "_readers", "current")

    def __init__(self, first: Params) -> None:
        self.current = first
        self._pending: deque[tuple[int, Params]] = deque(maxlen=VERSIONS)
        self._readers: list[Versions] = []

    def reader(self) -> Versions:
        """The same versions for one of several readers; from now on this one only knows the newest."""
        self._readers.append(Versions(self.current))
        return self._readers[-1]

    @property
    def latest(self) -> Params:
        """The newest snapshot, whether frames have reached it or not."""
        return self._pending[-1][1] if self._pending else self.current

    @property
    def next_ns(self) -> int | None:
        """From which pts on the next snapshot holds that no frame has reached yet; None where there is none."""
        return self._pending[0][0] if self._pending else None

    def catch_up(self) -> Params:
        """The newest snapshot, which holds from now on: a node that is built with it does not go back."""
        self.current = self.latest
        self._pending.clear()
        return self.current

    def add(self, from_pts_ns: int, snapshot: Params) -> None:
        """From `from_pts_ns` on, `snapshot` holds; a later call for the same pts replaces it."""
        for reader in self._readers:
            reader.add(from_pts_ns, snapshot)
        if self._readers:
            self.current = snapshot
            return
        while self._pending and self._pending[-1][0] >= from_pts_ns:
            self._pending.pop()
        self._pending.append((from_pts_ns, snapshot))

    def at(self, pts_ns: int) -> Params:
        """The snapshot for a frame of this pts."""
        while self._pending and self._pending[0][0] <= pts_ns:
            self.current = self._pending.popleft()[1]
        return self.current


def differs_in_rebuild(old: Params, new: Params) -> bool:
    """Whether a field differs that a running node cannot swap."""
    return any(
        getattr(old, name) != getattr(new, name) for name in type(old).model_fields if not flag(type(old), name, "live")
    )
