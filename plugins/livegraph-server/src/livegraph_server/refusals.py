"""What is said to a request that does not fit its route."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import Request


async def unfitting(request: Request, error: Exception) -> JSONResponse:
    """422, in words. What came is not repeated, as FastAPI would: it may be long, and NaN is no JSON."""
    assert isinstance(error, RequestValidationError)
    reasons = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return JSONResponse({"detail": "; ".join(reasons)}, HTTPStatus.UNPROCESSABLE_ENTITY)
