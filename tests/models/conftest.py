"""A shop of models on loopback, and a folder of its own for what comes from there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from models_support import BODY, Shop, listed

from livegraph import ModelFile, ModelSpec
from livegraph.registry import registry
from livegraph.testing import temporary_plugin

ENVIRONMENT = ("HF_TOKEN", "HF_ENDPOINT", "LIVEGRAPH_OFFLINE", "http_proxy", "https_proxy", "all_proxy", "no_proxy")

Offer = Callable[..., ModelSpec]


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(folder))
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return folder


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop({"/model.bin": BODY}) as shop:
        yield shop


@pytest.fixture
def other_shop() -> Iterator[Shop]:
    """Another port is another host."""
    with Shop({"/model.bin": BODY}) as shop:
        yield shop


@pytest.fixture
def offer(shop: Shop) -> Iterator[Offer]:
    """Lists a model `small` whose file lies in the shop, for the length of a test."""
    leaving = []

    def make(name: str = "small", *, needs: tuple[str, ...] = (), **changes: object) -> ModelSpec:
        defaults = {"path": "model.bin", "size": len(BODY), "url": shop.address("/model.bin")}
        spec = listed(name, ModelFile(**(defaults | changes)), needs=needs)  # type: ignore[arg-type]
        plugin = type("Plugin", (), {"livegraph_api": "1", "livegraph_models": _hook(spec)})()
        entered = temporary_plugin(registry(), plugin, f"offers-{len(leaving)}")
        entered.__enter__()
        leaving.append(entered)
        return spec

    yield make
    for entered in reversed(leaving):
        entered.__exit__(None, None, None)


def _hook(spec: ModelSpec) -> object:
    from livegraph import hookimpl

    return hookimpl(lambda self: [spec], specname="livegraph_models")
