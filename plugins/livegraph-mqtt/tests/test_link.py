"""What of the connection needs no broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livegraph_mqtt.link import Link


def test_changes_that_come_together_wake_its_thread_once(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Callable[[], Any]] = []
    link = Link(None, None, None)  # type: ignore[arg-type]
    monkeypatch.setattr(link, "_on_loop", woken.append)
    for _ in range(100):
        link.wake()
    assert len(woken) == 1
