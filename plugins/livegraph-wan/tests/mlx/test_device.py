"""When MLX is offered."""

import sys

import mlx.core as mx
import pytest

from livegraph_wan.mlx.device import probe
from livegraph_wan.plugin import livegraph_backends


def test_it_comes_before_all_others() -> None:
    assert max(livegraph_backends(), key=lambda spec: spec.priority).name == "mlx"


def test_without_an_apple_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no Apple GPU"):
        probe()


def test_with_one_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", lambda: {"device_name": "Apple M3"})
    assert probe().endswith("Apple M3")


def test_where_it_is_not_installed_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    with pytest.raises(RuntimeError, match="cannot be imported"):
        probe()
