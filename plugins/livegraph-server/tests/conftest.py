"""Runs that end with their test, and an environment that says nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))

from server_support import Show, a_show


@pytest.fixture
def play() -> Iterator[Callable[..., Show]]:
    """`play(WATCHED, host=..., port=...)`: a run that has begun; it ends with the test."""
    with ExitStack() as shows:
        yield lambda *args, **options: shows.enter_context(a_show(*args, **options))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Nothing of the environment says who may come in, and certificates go to a folder of the test's own."""
    for name in ("LIVEGRAPH_TOKEN", "LIVEGRAPH_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> str:
    """A token that the environment asks for, also on loopback."""
    token = "a-token-for-these-tests-alone"
    monkeypatch.setenv("LIVEGRAPH_TOKEN", token)
    return token
