"""wan.v2v on MLX in a whole graph, as on a Mac: the probe says that there is a GPU, MLX computes on what there is."""

import sys
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from livegraph.cli.main import run as run_command
from livegraph.testing import run_graph

FRAMES = 12
GRAPH = """\
livegraph: 1
name: film
mode: offline
nodes:
  film: {use: media.pattern, params: {size: 64x64, live: false, frames: 8}}
  wan: {use: wan.v2v, in: film, params: {dtype: fp32}}
  out: {use: media.null, in: wan}
"""

Said = Callable[..., str]


@pytest.fixture(autouse=True)
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", lambda: {"device_name": "Apple M3"})


def painted(**params: object) -> np.ndarray:
    """A film of the moving test scene, repainted."""
    nodes = {
        "film": {"use": "media.pattern", "params": {"size": "64x64", "live": False, "frames": FRAMES}},
        "wan": {"use": "wan.v2v", "in": "film", "params": {"prompt": "a thermal camera", "dtype": "fp32", **params}},
        "out": {"use": "test.collect", "in": "wan"},
    }
    result = run_graph({"livegraph": 1, "name": "film", "mode": "offline", "nodes": nodes})
    assert result.outcome.error is None
    return np.stack([np.asarray(payload) for payload in result.payloads("out")]).astype(int)


@pytest.fixture(scope="module")
def on_torch() -> np.ndarray:
    return painted(backend="torch-cpu")


def test_every_picture_is_torchs_to_a_rounding(on_torch: np.ndarray) -> None:
    ours = painted(backend="auto")
    assert ours.shape == on_torch.shape == (FRAMES, 64, 64, 3)
    assert np.abs(ours - on_torch).max() <= 1
    assert on_torch.std() > 20


@pytest.mark.parametrize(("quantise", "levels"), [("int8", 1.0), ("int4", 8.0)])
def test_packed_weights_paint_nearly_the_same(on_torch: np.ndarray, quantise: str, levels: float) -> None:
    """Mean distance, in levels of 255."""
    assert 0 < np.abs(painted(backend="mlx", quantise=quantise) - on_torch).mean() < levels


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """What `livegraph run FILM OPTIONS...` prints, and how it ends."""

    def call(*options: str, code: int = 0) -> str:
        (tmp_path / "film.yaml").write_text(GRAPH)
        monkeypatch.setattr(sys, "argv", ["livegraph", "run", str(tmp_path / "film.yaml"), *options])
        with pytest.raises(SystemExit) as ended:
            run_command()
        out, err = capsys.readouterr()
        assert ended.value.code == code, err
        return out + err

    return call


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "wan: wan-nano on mlx (Apple M3, mlx "),
        (("--cpu",), "wan: wan-nano on torch-cpu (the CPU was asked for)"),
        (("--set", "wan.backend=mlx"), "wan: wan-nano on mlx (Apple M3, mlx "),
        (("--set", "wan.backend=torch"), "wan: wan-nano on torch-cpu ("),
    ],
)
def test_the_command_line_has_the_last_word(said: Said, options: tuple[str, ...], line: str) -> None:
    out = said(*options)
    assert line in out
    assert "out: 8 frames" in out


def test_what_a_backend_cannot_do_is_told(said: Said) -> None:
    out = said("--set", "wan.backend=torch-mps", code=1)
    assert "backend torch-mps does not work here: torch-mps: torch" in out
    out = said("--set", "wan.backend=mlx", "--set", "wan.quantise=fp8", code=2)
    assert "film.yaml:6:14: node wan: wan.v2v cannot run here: quantise: fp8 does not work on mlx; here: none" in out
    out = said("--cpu", "--set", "wan.quantise=int4", code=1)
    assert "quantise: int4 does not work on torch-cpu; here: none" in out
