"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) over HTTP: they differ in who sends, not in how they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response

from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.trickle import MEDIA_TYPE, read_fragment

SDP = "application/sdp"
Kind = Literal["whip", "whep"]
Find = Callable[[Kind, str], Endpoint | None]


def router(kind: Kind, find: Find) -> APIRouter:
    """The routes of one protocol, over all nodes that speak it."""
    routes = APIRouter(prefix=f"/{kind}", tags=[kind])

    @routes.post("/{node}", status_code=HTTPStatus.CREATED, summary="Connect: an SDP offer, for an answer")
    async def connect(node: str, request: Request) -> Response:
        _expect(request, SDP)
        opened = await _endpoint(find, kind, node).open(await request.body(), _client(request))
        headers = {"location": f"/{kind}/{node}/{opened.session.id}", "etag": opened.session.etag}
        return _linked(Response(opened.answer, HTTPStatus.CREATED, headers, SDP), opened.links)

    @routes.options("/{node}", summary="What to send here, and the ICE servers to use")
    async def describe(node: str) -> Response:
        return _linked(Response(headers={"accept-post": SDP}), await _endpoint(find, kind, node).links())

    @routes.patch("/{node}/{session}", status_code=HTTPStatus.NO_CONTENT, summary="Further ICE candidates")
    async def trickle(node: str, session: str, request: Request) -> Response:
        _expect(request, MEDIA_TYPE)
        known = _endpoint(find, kind, node).session(session)
        _expect_etag(request, known.etag)
        await known.add(read_fragment(await request.body()))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @routes.delete("/{node}/{session}", summary="End the session")
    async def end(node: str, session: str) -> Response:
        await _endpoint(find, kind, node).session(session).end("the other side ended it")
        return Response()

    return routes


def _endpoint(find: Find, kind: Kind, node: str) -> Endpoint:
    if (endpoint := find(kind, node)) is None:
        does = "takes" if kind == "whip" else "shows"
        raise Refusal(HTTPStatus.NOT_FOUND, f"no node {node!r} here {does} video by {kind.upper()}")
    return endpoint


def _client(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _expect(request: Request, media_type: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {media_type}", {"accept": media_type})


def _expect_etag(request: Request, etag: str) -> None:
    """RFC 9725, section 4.3.1: candidates belong to one ICE session, which the entity tag names."""
    given = request.headers.get("if-match")
    if given is None:
        raise Refusal(HTTPStatus.PRECONDITION_REQUIRED, "If-Match must name the session's ETag")
    if given == "*":
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "ICE restarts are not supported: make a new session")
    if etag not in (tag.strip() for tag in given.split(",")):
        raise Refusal(HTTPStatus.PRECONDITION_FAILED, "that ETag is of another session")


def _linked(response: Response, links: Iterable[str]) -> Response:
    for link in links:
        response.headers.append("link", link)
    return response
