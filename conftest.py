"""Which tests run: those that need a server or minutes only when asked for."""

from __future__ import annotations

import pytest
from hypothesis import settings

ASKED_FOR = {"servers": "starts a real server", "soak": "runs for minutes"}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, why in ASKED_FOR.items():
        parser.addoption(f"--{name}", action="store_true", help=f"run also what {why}")
    parser.addoption("--graphs", type=int, help="random graphs for the scheduler's property tests")


def pytest_configure(config: pytest.Config) -> None:
    """Random examples are the same on every run, but with `--soak`: a test that passes, passes again."""
    settings.register_profile("repeatable", derandomize=not config.getoption("soak"), deadline=None, print_blob=True)
    settings.load_profile("repeatable")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for name, why in ASKED_FOR.items():
        if config.getoption(name):
            continue
        for item in items:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=f"{why}: scripts/test --{name}"))
