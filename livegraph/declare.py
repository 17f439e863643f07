"""How a node declares itself: ports and parameters are read off its class body."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, get_args, get_origin

from livegraph import types as port_types
from livegraph.params import is_param, param_model
from livegraph.types import JoinKind, PixelFormat, PortType

if TYPE_CHECKING:
    from livegraph.controller import Controller
    from livegraph.node import Node

T = TypeVar("T")

HOST_FORMATS: tuple[PixelFormat, ...] = ("rgb24",)


class In(Generic[T]):
    """An input port: `video: In[Video]`, or with more to say `video: In[Video] = In(formats=("yuv420p", "rgb24"))`.

    The first input is the primary: it gives the outputs their pts. `formats`: the pixel formats taken, best first
    (video only; rgb24 unless said otherwise). `join`: how the port meets the primary; unless said, `exact` where both
    come from one source and `hold` where not. `optional`: the node runs without it and gets None. `max_age` (s): a held
    value that is older counts as absent. `tolerance` (s): the reach of `nearest`, half a period unless said.
    """

    def __init__(
        self,
        *,
        formats: tuple[PixelFormat, ...] | None = None,
        join: JoinKind | None = None,
        optional: bool = False,
        max_age: float | None = None,
        tolerance: float | None = None,
        doc: str = "",
    ) -> None:
        self.formats = formats
        self.join = join
        self.optional = optional
        self.max_age = max_age
        self.tolerance = tolerance
        self.doc = doc


class Out(Generic[T]):
    """An output port. `formats`: the pixel formats that the node can make, best first; the plan picks one and tells
    it in `ctx.formats`. `like`: the output has the format of that input instead (a filter that takes what it gets).
    """

    def __init__(
        self, *, formats: tuple[PixelFormat, ...] | None = None, like: str | None = None, doc: str = ""
    ) -> None:
        self.formats = formats
        self.like = like
        self.doc = doc


@dataclass(frozen=True, slots=True)
class InPort:
    """A declared input, as the plan sees it; see `In`."""

    name: str
    type: PortType
    formats: tuple[PixelFormat, ...]
    join: JoinKind | None
    optional: bool
    max_age: float | None
    tolerance: float | None
    doc: str


@dataclass(frozen=True, slots=True)
class OutPort:
    """A declared output, as the plan sees it; see `Out`."""

    name: str
    type: PortType
    formats: tuple[PixelFormat, ...]
    like: str | None
    doc: str


class ParamValue:
    """Reads a parameter from the snapshot of the current call; writing one is refused."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Node | Controller | None, owner: type) -> Any:
        return self if node is None else getattr(node.params, self.name)

    def __set__(self, node: Node | Controller, value: object) -> None:
        raise AttributeError(f"{type(node).__name__}.{self.name} is a parameter: the graph sets it, the node reads it")


def declare(cls: type[Node] | type[Controller]) -> None:
    """Collect ports and parameters from a class body, in order of declaration, on top of what it inherits."""
    inputs, outputs = dict(cls.inputs), dict(cls.outputs)
    fields: dict[str, tuple[Any, Any]] = {}
    for name, annotation in inspect.get_annotations(cls).items():
        value = cls.__dict__.get(name)
        if is_param(value):
            fields[name] = (resolve(annotation, cls), value)
            setattr(cls, name, ParamValue(name))
            continue
        resolved = resolve(annotation, cls) if _may_be_port(annotation) else None
        if get_origin(resolved) is In:
            inputs[name] = _in_port(name, resolved, value)
        elif get_origin(resolved) is Out:
            outputs[name] = _out_port(name, resolved, value)
    cls.inputs, cls.outputs = inputs, outputs
    if fields:
        cls.Params = param_model(cls.__name__, fields, cls.Params)


def _may_be_port(annotation: object) -> bool:
    return not isinstance(annotation, str) or annotation.startswith(("In[", "Out[", "livegraph.", "lg."))


def resolve(annotation: Any, owner: Any) -> Any:
    """An annotation as an object; a string is evaluated where its class was written."""
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    names = {**vars(port_types), "In": In, "Out": Out, **vars(module)} if module else dict(vars(port_types))
    return eval(annotation, names, {})


def port_type(annotation: Any) -> PortType | None:
    if get_origin(annotation) is Annotated:
        return next((extra for extra in get_args(annotation)[1:] if isinstance(extra, PortType)), None)
    return None


def _in_port(name: str, annotation: Any, declared: object) -> InPort:
    said: In[Any] = declared if isinstance(declared, In) else In()
    kind = port_type(get_args(annotation)[0])
    if kind is None:
        raise TypeError(f"input {name}: In[...] takes a port type such as Video or Signal")
    formats = said.formats or HOST_FORMATS if kind.name == "Video" else ()
    return InPort(name, kind, formats, said.join, said.optional, said.max_age, said.tolerance, said.doc)


def _out_port(name: str, annotation: Any, declared: object) -> OutPort:
    said: Out[Any] = declared if isinstance(declared, Out) else Out()
    kind = port_type(get_args(annotation)[0])
    if kind is None:
        raise TypeError(f"output {name}: Out[...] takes a port type such as Video or Signal")
    formats = said.formats or HOST_FORMATS if kind.name == "Video" and said.like is None else ()
    return OutPort(name, kind, formats, said.like, said.doc)
