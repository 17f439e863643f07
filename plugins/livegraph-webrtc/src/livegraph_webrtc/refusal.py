"""Why a request is not granted: an HTTP status, and words for the person at the other end."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException


class Refusal(HTTPException):
    """Raised anywhere below a route; FastAPI answers with it, the reason as `detail`."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(int(status), reason, headers)
