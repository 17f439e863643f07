"""`@node`: a node made of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar, get_args

from livegraph.declare import In, Out, port_type, resolve
from livegraph.frame import EndOfStream, Frame
from livegraph.node import Node, Sink, Source
from livegraph.params import Param, is_param
from livegraph.types import PixelFormat

F = TypeVar("F", bound=Callable[..., Any])


def node(type_name: str, *, formats: tuple[PixelFormat, ...] | None = None) -> Callable[[F], F]:
    """Make a node of a function. Arguments annotated with a port type are inputs (they get the payload), the others are
    live parameters, the return annotation is the output. A generator function makes a source: `-> Iterator[Video]`.

    The function itself stays callable as before; `NodeSpec.of(function)` in `livegraph_nodes` registers it.
    """

    def decorate(function: F) -> F:
        function.__livegraph_node__ = _node_class(type_name, function, formats)  # type: ignore[attr-defined]
        function.__livegraph_type__ = type_name  # type: ignore[attr-defined]
        return function

    return decorate


def _node_class(type_name: str, function: Callable[..., Any], formats: tuple[PixelFormat, ...] | None) -> type[Node]:
    """The class behind a decorated function: its ports and parameters are the function's signature."""
    body: dict[str, Any] = {"__doc__": function.__doc__, "__module__": function.__module__}
    annotations: dict[str, Any] = {}
    ports: list[str] = []
    for argument in inspect.signature(function).parameters.values():
        annotation = resolve(argument.annotation, function)
        if (kind := port_type(annotation)) is not None:
            annotations[argument.name] = In[annotation]  # type: ignore[valid-type]
            body[argument.name] = In(formats=formats if kind.name == "Video" else None)
            ports.append(argument.name)
        else:
            default = ... if argument.default is inspect.Parameter.empty else argument.default
            annotations[argument.name] = annotation
            body[argument.name] = default if is_param(default) else Param(default, live=True, doc="")
    values = [name for name in annotations if name not in ports]
    result = resolve(inspect.signature(function).return_annotation, function)
    generates = inspect.isgeneratorfunction(function)
    produced = get_args(result)[0] if generates else result
    if port_type(produced) is not None:
        annotations["out"] = Out[produced]  # type: ignore[valid-type]
        body["out"] = Out(formats=formats)
    elif produced not in (None, type(None), inspect.Parameter.empty):
        raise TypeError(f"{type_name}: the return annotation is a port type such as Video, or None for a sink")
    body["__annotations__"] = annotations
    if generates:
        return type(
            function.__name__, (_GeneratorSource,), {**body, "_function": staticmethod(function), "_values": values}
        )
    base = Sink if "out" not in annotations else Node
    body["process"] = (
        _call_async(function, values) if inspect.iscoroutinefunction(function) else _call(function, values)
    )
    return type(function.__name__, (base,), body)


def _payload(value: Frame | Sequence[Frame] | None) -> Any:
    if isinstance(value, Frame) or value is None:
        return value.data if value is not None else None
    return [frame.data for frame in value]


def _call(function: Callable[..., Any], values: Sequence[str]) -> Callable[..., Any]:
    def process(self: Node, **inputs: Any) -> Any:
        payloads = {name: _payload(value) for name, value in inputs.items()}
        return function(**payloads, **{name: getattr(self.params, name) for name in values})

    return process


def _call_async(function: Callable[..., Any], values: Sequence[str]) -> Callable[..., Any]:
    async def process(self: Node, **inputs: Any) -> Any:
        payloads = {name: _payload(value) for name, value in inputs.items()}
        return await function(**payloads, **{name: getattr(self.params, name) for name in values})

    return process


class _GeneratorSource(Source):
    """A source made of a generator function: payloads at `fps` where it has such a parameter, else at 30."""

    paced = True
    _function: ClassVar[Callable[..., Iterator[Any]]]
    _values: ClassVar[Sequence[str]]

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(getattr(params, "fps", 30.0))

    def setup(self) -> None:
        self._items = type(self)._function(**{name: getattr(self.params, name) for name in self._values})
        self._count = 0

    def read(self) -> Frame | EndOfStream:
        try:
            payload = next(self._items)
        except StopIteration:
            return EndOfStream()
        if isinstance(payload, Frame):
            return payload
        period = round(1e9 / (self.fps_for(self.params) or 30.0))
        self._count += 1
        return self.frame(payload, (self._count - 1) * period, period)
