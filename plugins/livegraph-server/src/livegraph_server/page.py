"""The page: files of this package, read once."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files

from fastapi import APIRouter, Response

FILES = {"/": "index.html", "/app.js": "app.js", "/webrtc.js": "webrtc.js", "/style.css": "style.css"}
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}


def router() -> APIRouter:
    """`/` and what it loads."""
    routes = APIRouter(include_in_schema=False)
    for path, name in FILES.items():
        _serve(routes, path, name)

    @routes.get("/favicon.ico", status_code=HTTPStatus.NO_CONTENT)
    async def icon() -> None:
        """There is none; browsers ask all the same."""

    return routes


def _serve(routes: APIRouter, path: str, name: str) -> None:
    content = files(__package__).joinpath("static", name).read_bytes()
    media_type = TYPES[name.rpartition(".")[2]]

    @routes.get(path, response_class=Response)
    async def file() -> Response:
        return Response(content, media_type=media_type)
