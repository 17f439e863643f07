"""What a node's call gave, as frames per output port: pts, tickets and metadata come from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from livegraph.errors import NodeError
from livegraph.frame import EndOfStream, Frame, Gap, Ticket
from livegraph.node import Cadence

Tickets = Sequence[Ticket]


class Output(NamedTuple):
    port: str
    frame: Frame
    tickets: Tickets


class Answer(NamedTuple):
    """`ended`: the node said `EndOfStream`."""

    outputs: list[Output]
    ended: bool


def read(
    result: Any,
    ports: Sequence[str],
    cadence: Cadence,
    base: Sequence[Frame],
    tickets: Sequence[Tickets],
    *,
    flushed: bool = False,
) -> Answer:
    """Interpret what `process` (or, `flushed`, what `flush`) returned.

    `base` are the input frames that the answer belongs to, `tickets` the tickets of each: output j belongs to input
    j * take / give. Where `base` is short (a chunk that was filled up), the surplus of the answer is cut off. What a
    node of single frames flushes is a list or tuple of them, or one as `process` gives it.
    """
    outputs: list[Output] = []
    ended = isinstance(result, EndOfStream)
    if not base or not ports:
        return Answer(outputs, ended)
    several = isinstance(result, Mapping) and len(ports) > 1
    chunked = cadence.give > 1 or flushed
    most = -(-len(base) * cadence.give // cadence.take)
    for port, value in result.items() if several else ((ports[0], result),):
        if port not in ports:
            raise NodeError(f"returned something for {port!r}; its outputs are {', '.join(ports)}")
        single = not chunked or (cadence.give == 1 and not isinstance(value, list | tuple))
        items = (value,) if single else _items(value, None if flushed else cadence.give)
        for index in range(min(len(items), most)):
            item = items[index]
            if isinstance(item, EndOfStream):
                ended = True
            elif item is not None and not isinstance(item, Gap):
                outputs.append(_place(port, item, index * cadence.take / cadence.give, base, tickets))
    return Answer(outputs, ended)


def _items(value: Any, give: int | None) -> Sequence[Any]:
    """The frames of an answer that should be a sequence, of at most `give`."""
    if value is None or isinstance(value, (Frame, Gap, EndOfStream)):
        return (value,)
    if not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
        raise NodeError(f"returned {type(value).__name__}: a node that gives {give} frames returns a sequence of them")
    if give is not None and len(value) > give:
        raise NodeError(f"returned {len(value)} frames: its cadence gives {give}")
    return value  # type: ignore[no-any-return]


def _place(port: str, item: Any, at: float, base: Sequence[Frame], tickets: Sequence[Tickets]) -> Output:
    index = min(int(at), len(base) - 1)
    origin = base[index]
    if not isinstance(item, Frame):
        item = origin.with_data(item)
        if (part := at - index) > 0:
            item = replace(item, pts_ns=origin.pts_ns + round(part * _duration(base, index)), discontinuity=False)
    return Output(port, item, tickets[index])


def _duration(base: Sequence[Frame], index: int) -> int:
    """How long frame `index` lasts, in ns: what it says itself, else the step to a neighbour, else 0."""
    if base[index].duration_ns > 0:
        return base[index].duration_ns
    near = base[index : index + 2] if index + 1 < len(base) else base[-2:]
    return near[1].pts_ns - near[0].pts_ns if len(near) == 2 else 0
