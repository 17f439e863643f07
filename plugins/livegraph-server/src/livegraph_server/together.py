"""Coroutines that go on together until one has enough."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.websockets import WebSocketDisconnect


async def until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, then end the others. That the other side went away is no error."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for task, result in zip(tasks, results, strict=True):
        if task in done and isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result
