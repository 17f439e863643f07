"""A window on SDL's dummy driver: everything is drawn, nothing is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from livegraph import Context
from livegraph_window.show import Show


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Show]]:
    """Makes windows from parameters, and closes them."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(Show, "main_thread", False)
    opened: list[Show] = []

    def make(**params: Any) -> Show:
        window = Show(Show.Params(**params), Context("window", "live", NoClock()))
        window.setup()
        opened.append(window)
        return window

    yield make
    for window in opened:
        window.teardown()
