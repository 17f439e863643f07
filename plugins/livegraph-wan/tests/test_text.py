"""UMT5 from a tiny encoder that transformers saves, and its answers on disk."""

import os
from pathlib import Path

import pytest
import torch

from livegraph import ModelError
from livegraph_wan.known import clean, embeddings_folder, fingerprint
from livegraph_wan.text import Embeddings, Umt5


@pytest.fixture
def folder(umt5: Path) -> Path:
    return umt5


def test_a_prompt_is_as_long_as_its_tokens(folder: Path) -> None:
    read = Umt5(folder, None).read("an oil painting")
    assert read.shape == (1, 4, 16)
    assert read.isfinite().all()


def test_white_space_and_entities_do_not_matter(folder: Path) -> None:
    encoder = Umt5(folder, None)
    assert clean("  ink\n on&amp;amp;  paper ") == "ink on& paper"
    torch.testing.assert_close(encoder.read("ink  on\tpaper"), encoder.read("ink on paper"))


def test_words_count(folder: Path) -> None:
    encoder = Umt5(folder, None)
    assert not torch.equal(encoder.read("ink on paper"), encoder.read("oil on paper"))


def test_long_prompts_are_cut(folder: Path) -> None:
    assert Umt5(folder, None, text_len=5).read("an oil painting on paper on paper").shape == (1, 5, 16)


def test_a_known_prompt_needs_no_encoder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Umt5(folder, tmp_path)
    assert not first.knows("an oil painting")
    wanted = first.read("an oil painting")
    later = Umt5(folder, tmp_path)
    monkeypatch.setattr(later, "_load", lambda: pytest.fail("the encoder was loaded"))
    assert later.knows("an oil  painting")
    torch.testing.assert_close(later.read("an oil painting"), wanted, atol=0, rtol=0)


def test_another_encoder_has_other_answers(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "text_encoder").mkdir(parents=True)
    (other / "text_encoder" / "config.json").write_text("{}")
    assert fingerprint(folder) != fingerprint(other)


def test_a_damaged_answer_is_computed_again(folder: Path, tmp_path: Path) -> None:
    wanted = Umt5(folder, tmp_path).read("ink")
    (kept,) = tmp_path.rglob("*.safetensors")
    kept.write_bytes(kept.read_bytes()[:20])
    again = Umt5(folder, tmp_path)
    torch.testing.assert_close(again.read("ink"), wanted)
    assert again.knows("ink")


def test_where_nothing_can_be_kept_prompts_are_read_all_the_same(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    encoder = Umt5(folder, tmp_path / "file")
    assert encoder.read("ink").shape == (1, 2, 16)
    assert "cannot be kept" in caplog.text


def test_answers_lie_where_the_system_wants_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert embeddings_folder() == tmp_path / "livegraph" / "embeddings"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert embeddings_folder() == Path.home() / ".cache" / "livegraph" / "embeddings"
    monkeypatch.setattr("sys.platform", "darwin")
    assert embeddings_folder() == Path.home() / "Library" / "Caches" / "livegraph" / "embeddings"


def test_the_longest_unused_answers_go_first(tmp_path: Path) -> None:
    kept = Embeddings(tmp_path, limit=3500)
    for number, prompt in enumerate(("a", "b", "c")):
        kept.add(prompt, torch.zeros(1, 1, 256))
        at = 1000 + number
        path = kept._path(prompt)
        os.utime(path, (at, at))
    assert kept.find("a") is not None
    kept.add("d", torch.zeros(1, 1, 256))
    assert [kept.find(prompt) is not None for prompt in "abcd"] == [True, False, True, True]


def as_wan_publishes(folder: Path, target: Path) -> Path:
    """The same encoder in a `.pth` with Wan's names, the tokenizer beside it."""
    from transformers import UMT5EncoderModel

    weights = UMT5EncoderModel.from_pretrained(folder / "text_encoder").state_dict()
    names = {"shared.weight": "token_embedding.weight", "encoder.final_layer_norm.weight": "norm.weight"}
    parts = (
        ("layer.0.layer_norm", "norm1"),
        ("layer.0.SelfAttention.relative_attention_bias", "pos_embedding.embedding"),
        ("layer.0.SelfAttention", "attn"),
        ("layer.1.layer_norm", "norm2"),
        ("layer.1.DenseReluDense.wi_0", "ffn.gate.0"),
        ("layer.1.DenseReluDense.wi_1", "ffn.fc1"),
        ("layer.1.DenseReluDense.wo", "ffn.fc2"),
    )
    for name in weights:
        if name.startswith("encoder.block."):
            number, rest = name.removeprefix("encoder.block.").split(".", 1)
            theirs, ours = next(part for part in parts if rest.startswith(part[0]))
            names[name] = f"blocks.{number}.{ours}{rest.removeprefix(theirs)}"
    target.mkdir()
    torch.save({new: weights[old] for old, new in names.items()}, target / "models_t5_umt5-xxl-enc-bf16.pth")
    (target / "tokenizer.json").write_bytes((folder / "tokenizer" / "tokenizer.json").read_bytes())
    return target


def test_wans_own_file_is_the_same_encoder(folder: Path, tmp_path: Path) -> None:
    theirs = Umt5(as_wan_publishes(folder, tmp_path / "wan"), None)
    torch.testing.assert_close(theirs.read("an oil painting"), Umt5(folder, None).read("an oil painting"))


def test_a_folder_without_an_encoder_is_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer" / "tokenizer.json").read_bytes())
    with pytest.raises(ModelError, match="holds no text encoder"):
        Umt5(tmp_path, None).read("ink")


def test_a_weight_of_something_else_is_named(tmp_path: Path, folder: Path) -> None:
    wrong = as_wan_publishes(folder, tmp_path / "wan")
    path = wrong / "models_t5_umt5-xxl-enc-bf16.pth"
    torch.save(torch.load(path) | {"decoder.weight": torch.ones(1)}, path)
    with pytest.raises(ModelError, match=r"decoder\.weight is no weight of a UMT5 encoder"):
        Umt5(wrong, None).read("ink")


def test_no_prompt_is_a_prompt(folder: Path) -> None:
    assert Umt5(folder, None).read("").shape == (1, 1, 16)
