"""What is said about parameters, over whatever way: JSON objects that bear a `type`; the README lists them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from livegraph import Change, Door, LivegraphError

LARGEST = 64 << 10
"""Bytes of a message."""
ANSWER_S = 5.0
"""How long a run may take to answer."""

Message = Mapping[str, Any]


class Wrong(Exception):
    """What is wrong with a message, in words for who sent it."""


def read(said: str | bytes) -> dict[str, Any]:
    """A message, from its text. `Wrong` where it is none."""
    if not isinstance(said, str):
        raise Wrong("send JSON, as text")
    if len(said) > LARGEST:
        raise Wrong(f"a message has at most {LARGEST} characters")
    try:
        message = json.loads(said, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Wrong("this is no JSON") from None
    if not isinstance(message, dict):
        raise Wrong('send an object, such as {"type": "config.update", "values": {}}')
    return message


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


class ControlTalk:
    """One client's conversation: answers what it asks, and collects what others change until it is sent. On the
    server's loop, but for `heard`.
    """

    def __init__(self, door: Door, client: str) -> None:
        self._door, self._client = door, client
        self._origin = door.origin(client)
        self._loop = asyncio.get_running_loop()
        self._changed: dict[str, Any] = {}
        self._revision = 0
        self._news = asyncio.Event()
        self._end: Callable[[], None] | None = None

    async def begin(self) -> Message:
        """From now on changes are collected; what there is at the start."""
        self._end = await self._answer(self._door.listen(self._hear))
        return await self.current()

    def close(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    async def current(self) -> Message:
        revision, values = await self._answer(self._door.values())
        return {"type": "config.current", "revision": revision, "values": values}

    async def answer(self, message: Message) -> Message:
        """What is to be said to a message; an `id` in it comes back in the answer."""
        kind = message.get("type")
        known = {"id": message["id"]} if isinstance(message.get("id"), str | int) else {}
        try:
            handler = HANDLERS.get(kind) if isinstance(kind, str) else None
            if handler is None:
                raise Wrong(f"no such type of message: {str(kind)[:40]!r}; there are: {', '.join(HANDLERS)}")
            return {**await handler(self, message), **known}
        except (Wrong, LivegraphError) as error:
            return {"type": "error", "message": str(error), **known}
        except TimeoutError:
            return {"type": "error", "message": "the run does not answer", **known}

    async def changes(self) -> Message:
        """Waits for what others change: all of it since the last time, the newest of each."""
        await self._news.wait()
        self._news.clear()
        changed, self._changed = self._changed, {}
        return {"type": "config.changed", "revision": self._revision, "values": changed}

    def _hear(self, change: Change) -> None:
        """On the run's loop."""
        with suppress(RuntimeError):  # the server's loop has ended
            self._loop.call_soon_threadsafe(self._note, change)

    def _note(self, change: Change) -> None:
        """What was told before of what the client has now set itself is out of date."""
        others = change.for_others(self._origin)
        for target in change.values.keys() - others.keys():
            self._changed.pop(target, None)
        if others:
            self._revision = change.revision
            self._changed |= others
            self._news.set()

    async def _update(self, message: Message) -> Message:
        values = message.get("values")
        if not isinstance(values, dict):
            raise Wrong('config.update has "values": {"node.parameter": value}')
        over, curve = _ramp(message)
        await self._answer(self._door.set(values, self._client, over_s=over, curve=curve))
        return await self._applied(values)

    async def _preset(self, message: Message) -> Message:
        over, curve = _ramp(message)
        await self._answer(self._door.preset(_text(message, "name"), self._client, over_s=over, curve=curve))
        return await self._applied()

    async def _get(self, message: Message) -> Message:
        return await self.current()

    async def _undo(self, message: Message) -> Message:
        await self._answer(self._door.undo(self._client))
        return await self._applied()

    async def _reset(self, message: Message) -> Message:
        addresses = message.get("addresses", [])
        if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
            raise Wrong('config.reset has "addresses": a list of names, or none for all')
        await self._answer(self._door.reset(addresses, self._client))
        return await self._applied(addresses or None)

    async def _schema(self, message: Message) -> Message:
        return {"type": "config.schema", "knobs": [knob.document() for knob in self._door.knobs.values()]}

    async def _save(self, message: Message) -> Message:
        return {"type": "config.saved", "written": await self._answer(self._door.save())}

    async def _list(self, message: Message) -> Message:
        return {"type": "preset.list", "presets": await self._answer(self._door.presets())}

    async def _keep(self, message: Message) -> Message:
        name = _text(message, "name")
        return {"type": "preset.kept", "name": name, "values": await self._answer(self._door.keep(name))}

    async def _fade(self, message: Message) -> Message:
        first, second, share = _text(message, "first"), _text(message, "second"), message.get("share")
        if not isinstance(share, int | float) or isinstance(share, bool):
            raise Wrong('preset.fade has a "share", from 0 to 1')
        await self._answer(self._door.fade(first, second, share, self._client))
        return await self._applied()

    async def _applied(self, addresses: Iterable[str] | None = None) -> Message:
        """How it is now: of two messages about an address, the one with the higher revision counts."""
        revision, values = await self._answer(self._door.values(addresses))
        return {"type": "config.applied", "revision": revision, "values": values}

    async def _answer(self, future: Any) -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_S)


HANDLERS: Mapping[str, Callable[[ControlTalk, Message], Awaitable[Message]]] = {
    "config.update": ControlTalk._update,
    "config.get": ControlTalk._get,
    "config.undo": ControlTalk._undo,
    "config.reset": ControlTalk._reset,
    "config.save": ControlTalk._save,
    "config.schema": ControlTalk._schema,
    "preset.apply": ControlTalk._preset,
    "preset.fade": ControlTalk._fade,
    "preset.keep": ControlTalk._keep,
    "preset.list": ControlTalk._list,
}


def _ramp(message: Message) -> tuple[float, Any]:
    over, curve = message.get("over", 0.0), message.get("curve", "linear")
    if not isinstance(over, int | float) or isinstance(over, bool) or not isinstance(curve, str):
        raise Wrong('"over" is a number of seconds, "curve" a name')
    return float(over), curve


def _text(message: Message, key: str) -> str:
    text = message.get(key)
    if not isinstance(text, str):
        raise Wrong(f'{message.get("type")} has a "{key}", which is text')
    return text
