"""The transformer against vectors made by the public Self-Forcing model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from livegraph_wan.commands import wan
from livegraph_wan.verify import keeps, passes, verify

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.safetensors"))


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A golden file with other weights."""
    with safe_open(GOLDEN[0], "pt") as file:
        metadata = file.metadata()
    tensors = load_file(GOLDEN[0])
    tensors["model.blocks.1.self_attn.k.weight"] += 1e-2 * torch.randn(64, 64)
    save_file(tensors, tmp_path / "changed.safetensors", metadata)
    return tmp_path / "changed.safetensors"


@pytest.mark.parametrize("backend", ["torch", "mlx"])
@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_vectors_keep_their_tolerance(path: Path, dtype: str, backend: str) -> None:
    document = verify([path], backend, dtype)
    assert set(document["files"][str(path)]) == {"causal", "rolling"}
    assert passes(document), document


@pytest.mark.parametrize("backend", ["torch", "mlx"])
def test_a_changed_weight_is_noticed(changed: Path, backend: str) -> None:
    assert not passes(verify([changed], backend))


def test_nan_keeps_no_tolerance() -> None:
    assert not keeps({"max_abs": float("nan"), "rel_l2": 0.0}, "torch", "fp32")


def run(*arguments: object) -> tuple[int, str]:
    ended = CliRunner().invoke(wan, ["verify", *map(str, arguments)])
    return ended.exit_code, ended.output


@pytest.mark.parametrize("backend", ["torch", "mlx"])
def test_the_command_writes_one_document(backend: str) -> None:
    assert len(GOLDEN) == 2
    code, said = run(*GOLDEN, "--backend", backend, "--json")
    document = json.loads(said)
    assert code == 0
    assert (document["backend"], document["dtype"]) == (backend, "fp32")
    assert document["files"].keys() == {str(path) for path in GOLDEN}
    for checks in document["files"].values():
        assert {check: errors.keys() for check, errors in checks.items()} == {
            "causal": {"max_abs", "rel_l2"},
            "rolling": {"max_abs", "rel_l2"},
        }


def test_a_missed_tolerance_ends_with_1_and_is_named(changed: Path) -> None:
    code, said = run(GOLDEN[0], changed)
    assert code == 1
    assert said.count(" ok ") == said.count("MISSED") == 2
    assert run(changed, "--json")[0] == 1


def test_a_file_that_is_not_golden_ends_with_2(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("no tensors here")
    for name in ("other", "text", "missing"):
        code, said = run(tmp_path / f"{name}.safetensors")
        assert code == 2
        assert "golden file" in said or "does not exist" in said
