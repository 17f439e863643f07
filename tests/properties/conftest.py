"""How many random graphs: 2,000 in `scripts/test`, always the same; 100,000 others with `--soak`, or `--graphs N`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
PROPERTIES = 4
SECONDS_EACH = 0.1
"""More than a graph takes on a busy machine; only a hang takes longer."""


def graphs(config: pytest.Config) -> int:
    return int(config.getoption("graphs") or (100_000 if config.getoption("soak") else 2_000))


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile(
        "graphs",
        max_examples=-(-graphs(config) // PROPERTIES),
        deadline=None,
        print_blob=True,
        derandomize=not (config.getoption("soak") or config.getoption("graphs")),
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.timeout(max(120.0, graphs(config) * SECONDS_EACH)))
