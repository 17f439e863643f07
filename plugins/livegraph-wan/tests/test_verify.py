"""The transformer against vectors made by the public Self-Forcing model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from livegraph_wan.verify import passes, verify

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.safetensors"))


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_vectors_keep_their_tolerance(path: Path, dtype: str) -> None:
    document = verify([path], dtype)
    assert set(document["files"][str(path)]) == {"causal", "rolling"}  # type: ignore[index]
    assert passes(document), document


def test_there_are_two_files_and_the_document_is_json() -> None:
    assert len(GOLDEN) == 2
    document = verify(GOLDEN)
    assert json.loads(json.dumps(document)) == document
    assert (document["backend"], document["dtype"]) == ("torch", "fp32")


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    from safetensors import safe_open

    with safe_open(GOLDEN[0], "pt") as file:
        metadata = file.metadata()
    tensors = load_file(GOLDEN[0])
    tensors["model.blocks.1.self_attn.k.weight"] += 1e-3 * torch.randn(64, 64)
    save_file(tensors, tmp_path / "changed.safetensors", metadata)
    assert not passes(verify([tmp_path / "changed.safetensors"]))
