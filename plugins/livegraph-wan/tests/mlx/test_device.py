"""When MLX is offered."""

import sys

import mlx.core as mx
import pytest

from livegraph import BackendFound
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
    info = {"device_name": "Apple M3", "max_recommended_working_set_size": 12 << 30}
    monkeypatch.setattr(mx, "device_info", lambda: info)
    assert probe() == BackendFound("Apple M3", f"mlx {mx.__version__}", 12 << 30)


@pytest.mark.parametrize(
    ("apple", "says"), [(True, r"not installed, .*pip install 'mlx>=0\.32'"), (False, "is for Macs with Apple silicon")]
)
def test_where_it_is_not_installed_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, apple: bool, says: str) -> None:
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    monkeypatch.setattr("livegraph_wan.mlx.device.is_apple", lambda: apple)
    with pytest.raises(RuntimeError, match=says):
        probe()
