"""The server's own routes: health, metrics, the graph, and logging in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from livegraph_server import documents
from livegraph_server.access import CODE_LIFE_S, Access
from livegraph_server.figures import Reader
from livegraph_server.metrics import Exposition
from livegraph_server.offers import Offers

if TYPE_CHECKING:
    from livegraph.graph.plan import Plan

ONWARD = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>livegraph</title><a href="/">Go on</a>'
"""A page rather than a redirect: a `Strict` cookie does not follow a redirect that another site's link began."""


@dataclass(frozen=True, slots=True)
class Login:
    """How a person logs in. `address(code)` is what to open; the cookie goes over TLS only where that is in use."""

    access: Access
    cookie: str
    secure: bool
    address: Callable[[str], str]


def run_router(plan: Plan, reader: Reader, offers: Offers, login: bool) -> APIRouter:
    """What the run says of itself; `login` tells the page that one is needed."""
    routes = APIRouter(tags=["run"])
    exposition = Exposition()

    @routes.get("/health", summary="The state of the run; without a login nothing else")
    async def health(request: Request) -> dict[str, Any]:
        found = documents.health(await reader.latest())
        return found if request.state.known else {"state": found["state"]}

    @routes.get("/metrics", response_class=Response, summary="Figures for Prometheus")
    async def metrics() -> Response:
        return Response(exposition.text(await reader.latest()), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    @routes.get("/api/v1/graph", summary="The plan, what is offered to watch, and live figures")
    async def graph() -> dict[str, Any]:
        return documents.graph(plan, await reader.latest()) | offers.document() | {"login": login}

    return routes


def login_router(login: Login) -> APIRouter:
    """From a code to a cookie, and from a cookie to another code."""
    routes = APIRouter(tags=["login"])

    @routes.get("/login", response_class=HTMLResponse, summary="Use up a login code")
    async def log_in(code: str = "") -> HTMLResponse:
        session = login.access.log_in(code)
        if session is None:
            why = "This code was used, or is older than 10 minutes. A page that is logged in gives another."
            raise HTTPException(HTTPStatus.UNAUTHORIZED, why)
        answer = HTMLResponse(ONWARD)
        answer.set_cookie(login.cookie, session, httponly=True, samesite="strict", secure=login.secure)
        return answer

    @routes.post("/api/v1/login-codes", status_code=HTTPStatus.CREATED, summary="Let another device in")
    async def another() -> dict[str, Any]:
        if login.access.open:
            raise HTTPException(HTTPStatus.CONFLICT, "There is nothing to log in to: the server asks nobody.")
        return {"address": login.address(login.access.code()), "expires_s": CODE_LIFE_S}

    return routes
