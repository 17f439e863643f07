"""A checkpoint rewritten: there and back it is the same, and the file is one that safetensors reads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from checkpoint_support import Weights, assert_filled
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from livegraph import ModelError
from livegraph.cli.main import run as livegraph
from livegraph_wan import plugin
from livegraph_wan.checkpoint import fill, open_transformer
from livegraph_wan.checkpoint.convert import DTYPES, convert
from livegraph_wan.checkpoint.names import LAYOUTS, to_diffusers
from livegraph_wan.model import WanTransformer


@pytest.fixture
def trained(tmp_path: Path, weights: Weights) -> Path:
    path = tmp_path / "model.pt"
    torch.save({"generator": {f"model.{name}": value for name, value in weights.items()}, "step": 1}, path)
    return path


def test_there_and_back(tmp_path: Path, trained: Path, weights: Weights, empty: WanTransformer) -> None:
    there, back = tmp_path / "there.safetensors", tmp_path / "back.safetensors"
    convert(trained, there, "diffusers", None)
    assert load_file(there).keys() == {to_diffusers(name) for name in weights}
    convert(there, back, "original", None)
    assert load_file(back).keys() == weights.keys()
    fill(empty, open_transformer(back))
    assert_filled(empty, weights)


def test_a_number_type_and_what_is_said(tmp_path: Path, trained: Path, weights: Weights) -> None:
    target = tmp_path / "deep" / "half.safetensors"
    said = convert(trained, target, "original", "bf16")
    assert said == f"{target}: {len(weights)} tensors, 0.00 GB, BF16, original names"
    for name, value in load_file(target).items():
        assert torch.equal(value, weights[name].bfloat16()), name
    assert [path.name for path in target.parent.iterdir()] == ["half.safetensors"]


def test_mixed_types_lie_aligned(tmp_path: Path, weights: Weights) -> None:
    """Odd counts of two-byte numbers beside fp32: each tensor begins at a multiple of its own width."""
    weights["head.head.bias"] = weights["head.head.bias"][:3].bfloat16()
    weights["blocks.0.norm3.bias"] = torch.tensor(7.0)  # a scalar
    weights["blocks.1.norm3.bias"] = weights["blocks.1.norm3.bias"][::2]  # not contiguous once loaded
    torch.save(weights, tmp_path / "mixed.pt")
    convert(tmp_path / "mixed.pt", tmp_path / "out.safetensors", "original", None)
    written = load_file(tmp_path / "out.safetensors")
    assert all(torch.equal(written[name], value) for name, value in weights.items())
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_what_is_offered_is_what_can_be_written() -> None:
    (spec,) = plugin.livegraph_checkpoints()
    assert (spec.layouts, spec.dtypes) == (LAYOUTS, tuple(DTYPES))


def test_what_exists_is_not_overwritten(tmp_path: Path, trained: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(ModelError, match="precious exists, and is not overwritten"):
        convert(trained, tmp_path / "precious", "original", None)
    assert (tmp_path / "precious").read_text() == "mine"


def test_what_is_no_transformer_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    save_file({"encoder.conv1.weight": torch.ones(1)}, tmp_path / "vae.safetensors")
    with pytest.raises(ModelError, match=r"encoder\.conv1\.weight is no weight of a Wan transformer"):
        convert(tmp_path / "vae.safetensors", tmp_path / "out", "original", None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vae.safetensors"]


def test_the_command(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.safetensors"
    argv = ["models", "convert", str(trained), str(target), "--to", "diffusers", "--dtype", "fp16"]
    monkeypatch.setattr(sys, "argv", ["livegraph", *argv])
    with pytest.raises(SystemExit) as ended:
        livegraph()
    assert ended.value.code in (0, None)
    assert "F16, diffusers names" in capsys.readouterr().out
    assert target.exists()
