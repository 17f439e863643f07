"""What is said about parameters, over whatever way: `/api/v1/control`, the sockets for pictures, a data channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeAlias

from livegraph import Change, Door, LivegraphError
from livegraph_server.control_message import Message, Wrong, ramp, read, text
from livegraph_server.figures import Reader

ANSWER_S = 5.0
"""How long a run may take to answer."""
AT_ONCE_S = 1 / 60
"""Changes of others that come within this time are told together."""
START: Message = {"type": "config.get"}

Send: TypeAlias = Callable[[Message], Awaitable[None]]


class ControlTalk:
    """One client's conversation: answers what it says, and collects what others change until it is sent. On the
    server's loop, but for `_hear`.
    """

    def __init__(self, door: Door, client: str, reader: Reader) -> None:
        self._door, self._client, self._reader = door, client, reader
        self._origin = door.origin(client)
        self._loop = asyncio.get_running_loop()
        self._changed: dict[str, Any] = {}
        self._revision = 0
        self._news = asyncio.Event()

    async def answer(self, said: str | bytes) -> Message:
        """What is to be said to whatever somebody sent; an `id` in it comes back in the answer."""
        try:
            message = read(said)
        except Wrong as wrong:
            return self._refused(wrong)
        return await self._reply(message)

    async def tell(self, send: Send) -> None:
        """How it is, and then what others change: of all that came since the last time the newest of each. Goes on
        until it is cancelled. `send` returns once there is room for more.
        """
        listening = self._door.listen(self._hear)
        try:
            await send(await self._reply(START))
            while True:
                await self._news.wait()
                self._news.clear()
                changed, self._changed = self._changed, {}
                if changed:
                    await send({"type": "config.changed", "revision": self._revision, "values": changed})
                    await asyncio.sleep(AT_ONCE_S)
        finally:
            listening.add_done_callback(_end)

    def left_out(self) -> Message:
        """To be said where somebody sends more than is answered."""
        self._door.refuse("flood")
        return {"type": "error", "message": "too many messages at a time; the oldest are left out"}

    async def _reply(self, message: Message) -> Message:
        kind = message.get("type")
        known = {"id": message["id"]} if isinstance(message.get("id"), str | int) else {}
        try:
            handler = HANDLERS.get(kind) if isinstance(kind, str) else None
            if handler is None:
                raise Wrong(f"no such type of message: {str(kind)[:40]!r}; there are: {', '.join(HANDLERS)}")
            return {**await handler(self, message), **known}
        except Wrong as wrong:
            return self._refused(wrong) | known
        except LivegraphError as error:
            return {"type": "error", "message": str(error), **known}
        except TimeoutError:
            return {"type": "error", "message": "the run does not answer", **known}

    def _refused(self, wrong: Wrong) -> dict[str, Any]:
        self._door.refuse("malformed")
        return {"type": "error", "message": str(wrong)}

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

    async def _get(self, message: Message) -> Message:
        revision, values = await _done(self._door.values())
        nodes = (await self._reader.latest()).stats.get("nodes", {})
        said = {name: node["status"] for name, node in nodes.items() if node.get("status")}
        return {"type": "config.current", "revision": revision, "values": values, "nodes": said}

    async def _update(self, message: Message) -> Message:
        values = message.get("values")
        if not isinstance(values, dict):
            raise Wrong('config.update has "values": {"node.parameter": value}')
        over, curve = ramp(message)
        return await self._applied(self._door.set(values, self._client, over_s=over, curve=curve), values)

    async def _preset(self, message: Message) -> Message:
        over, curve = ramp(message)
        return await self._applied(self._door.preset(text(message, "name"), self._client, over_s=over, curve=curve))

    async def _undo(self, message: Message) -> Message:
        return await self._applied(self._door.undo(self._client))

    async def _reset(self, message: Message) -> Message:
        addresses = message.get("addresses", [])
        if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
            raise Wrong('config.reset has "addresses": a list of names, or none for all')
        return await self._applied(self._door.reset(addresses, self._client), addresses or None)

    async def _schema(self, message: Message) -> Message:
        return {"type": "config.schema", "knobs": [knob.document() for knob in self._door.knobs.values()]}

    async def _save(self, message: Message) -> Message:
        return {"type": "config.saved", "written": await _done(self._door.save())}

    async def _list(self, message: Message) -> Message:
        return {"type": "preset.list", "presets": await _done(self._door.presets())}

    async def _keep(self, message: Message) -> Message:
        name = text(message, "name")
        return {"type": "preset.kept", "name": name, "values": await _done(self._door.keep(name))}

    async def _fade(self, message: Message) -> Message:
        first, second, share = text(message, "first"), text(message, "second"), message.get("share")
        if not isinstance(share, int | float) or isinstance(share, bool):
            raise Wrong('preset.fade has a "share", from 0 to 1')
        return await self._applied(self._door.fade(first, second, share, self._client))

    async def _applied(self, asked: Future[int], addresses: Iterable[str] | None = None) -> Message:
        """How it is once that is done, for the run does what it is asked in turn. Of two messages about an address, the
        one with the higher revision counts.
        """
        values = self._door.values(addresses)
        await _done(asked)
        revision, now = await _done(values)
        return {"type": "config.applied", "revision": revision, "values": now}


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


async def _done(future: Future[Any]) -> Any:
    return await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_S)


def _end(listening: Future[Callable[[], None]]) -> None:
    if listening.exception() is None:
        listening.result()()
