"""A broker of the test's own, and clients that watch it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from mqtt_support import Mosquitto, Watcher


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def watch() -> Iterator[Callable[..., Watcher]]:
    """`watch(broker)`: a client that sees everything."""
    made: list[Watcher] = []

    def watcher(*args: object) -> Watcher:
        made.append(Watcher(*args))  # type: ignore[arg-type]
        return made[-1]

    yield watcher
    for each in made:
        each.close()
