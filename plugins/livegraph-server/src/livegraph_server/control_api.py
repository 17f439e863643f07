"""Parameters over HTTP, and over a WebSocket."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, HTTPException, Query, WebSocket

from livegraph import Door, Knob, LivegraphError, ParamError
from livegraph_server.control_talk import ANSWER_S, ControlTalk
from livegraph_server.documents import health
from livegraph_server.figures import Reader
from livegraph_server.line import Line, client_of
from livegraph_server.together import until_one_ends

T = TypeVar("T")

STATS_S = 1.0
HTTP = "http"
"""The client's name, for requests know of no client."""
Over = Annotated[float, Query(ge=0, le=3600, description="seconds that numbers take to get there")]
Curve = Annotated[str, Query(pattern="^(linear|smooth|exponential)$")]
Values = Annotated[dict[str, Any], Body(description="values by address: `node.parameter`, or a control's name")]


def router(door: Door, reader: Reader) -> APIRouter:
    """`/api/v1/params`, `controls`, `presets`, `schema`, `undo`, `reset`, `save`, and the WebSocket `control`."""
    routes = APIRouter(prefix="/api/v1", tags=["control"])

    @routes.get("/schema", summary="All that may be changed: kind, range, choices, unit, default")
    async def schema() -> dict[str, Any]:
        revision, _ = await done(door.values())
        presets = await done(door.presets())
        return {
            "revision": revision,
            "knobs": [knob.document() for knob in door.knobs.values()],
            "presets": list(presets),
        }

    @routes.get("/params", summary="All values, by address")
    async def params() -> dict[str, Any]:
        revision, values = await done(door.values())
        return {"revision": revision, "values": values}

    @routes.patch("/params", summary="Change several at once: all of them, or none")
    async def change(values: Values, over: Over = 0.0, curve: Curve = "linear") -> dict[str, int]:
        return {"revision": await done(door.set(values, HTTP, over_s=over, curve=curve))}  # type: ignore[arg-type]

    @routes.get("/params/{node}/{param}", summary="One parameter")
    async def param(node: str, param: str) -> dict[str, Any]:
        return await shown(door, f"{node}.{param}")

    @routes.put("/params/{node}/{param}", summary="Change one parameter")
    async def put_param(
        node: str, param: str, value: Annotated[Any, Body(embed=True)], over: Over = 0.0, curve: Curve = "linear"
    ) -> dict[str, Any]:
        return await put(door, f"{node}.{param}", value, over, curve)

    @routes.get("/controls", summary="The graph's own knobs, with their values")
    async def controls() -> list[dict[str, Any]]:
        _, values = await done(door.values())
        return [{**knob.document(), "value": values[address]} for address, knob in door.knobs.items() if knob.control]

    @routes.get("/controls/{name}", summary="One control")
    async def control(name: str) -> dict[str, Any]:
        return await shown(door, name)

    @routes.put("/controls/{name}", summary="Change one control")
    async def put_control(
        name: str, value: Annotated[Any, Body(embed=True)], over: Over = 0.0, curve: Curve = "linear"
    ) -> dict[str, Any]:
        return await put(door, name, value, over, curve)

    _presets(routes, door)
    _steps(routes, door)
    _socket(routes, door, reader)
    return routes


def _presets(routes: APIRouter, door: Door) -> None:
    @routes.get("/presets", summary="All presets, with what they set")
    async def presets() -> dict[str, Any]:
        return await done(door.presets())

    @routes.put("/presets/{name}", summary="Keep how things are as a preset")
    async def keep(name: str) -> dict[str, Any]:
        return {"name": name, "values": await done(door.keep(name))}

    @routes.post("/presets/{name}/apply", summary="Apply a preset")
    async def apply(name: str, over: Over = 0.0, curve: Curve = "linear") -> dict[str, int]:
        return {"revision": await done(door.preset(name, HTTP, over_s=over, curve=curve))}  # type: ignore[arg-type]

    @routes.post("/presets/{first}/fade/{second}", summary="Between two presets: 0 is the first, 1 the second")
    async def fade(first: str, second: str, share: Annotated[float, Query(ge=0, le=1)]) -> dict[str, int]:
        return {"revision": await done(door.fade(first, second, share, HTTP))}


def _steps(routes: APIRouter, door: Door) -> None:
    @routes.post("/undo", summary="Take the last change back")
    async def undo() -> dict[str, int]:
        return {"revision": await done(door.undo(HTTP))}

    @routes.post("/reset", summary="Back to how the run began: these addresses, or all")
    async def reset(addresses: Annotated[list[str] | None, Body(embed=True)] = None) -> dict[str, int]:
        return {"revision": await done(door.reset(addresses or (), HTTP))}

    @routes.post("/save", summary="Write what was changed into the graph's file")
    async def save() -> dict[str, list[str]]:
        return {"written": await done(door.save())}


def _socket(routes: APIRouter, door: Door, reader: Reader) -> None:
    @routes.websocket("/control")
    async def control(socket: WebSocket) -> None:
        await socket.accept()
        line, talk = Line(socket), ControlTalk(door, client_of(socket), reader)

        async def hear() -> None:
            while (message := await socket.receive())["type"] != "websocket.disconnect":
                text = message.get("text")
                await line.send(await talk.answer(message["bytes"] if text is None else text))

        async def figures() -> None:
            while True:
                await asyncio.sleep(STATS_S)
                await line.send({"type": "stats", **health(await reader.latest())})

        await until_one_ends(hear(), talk.tell(line.send), figures())


async def shown(door: Door, address: str) -> dict[str, Any]:
    knob = knob_of(door, address)
    revision, values = await done(door.values())
    return {**knob.document(), "value": values[address], "revision": revision}


async def put(door: Door, address: str, value: Any, over: float, curve: str) -> dict[str, Any]:
    knob_of(door, address)
    revision = await done(door.set({address: value}, HTTP, over_s=over, curve=curve))  # type: ignore[arg-type]
    return {"address": address, "revision": revision}


def knob_of(door: Door, address: str) -> Knob:
    if address not in door.knobs:
        door.refuse("address")
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no {address[:200]} to change; see /api/v1/schema")
    return door.knobs[address]


async def done(future: Future[T]) -> T:
    """An answer of the run; what it refuses is told."""
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_S)
    except ParamError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    except (LivegraphError, TimeoutError) as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error) or "the run does not answer") from None
