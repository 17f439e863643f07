"""How many random graphs: 2,000 in `scripts/test`, 100,000 with `--soak`, or `--graphs N`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
PROPERTIES = 3


def pytest_configure(config: pytest.Config) -> None:
    graphs = config.getoption("graphs") or (100_000 if config.getoption("soak") else 2_000)
    settings.register_profile("graphs", max_examples=-(-graphs // PROPERTIES), deadline=None, print_blob=True)
    settings.load_profile("graphs")
