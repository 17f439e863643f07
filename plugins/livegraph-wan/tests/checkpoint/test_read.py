"""Every format and wrapping of a checkpoint, and every way in which a file is not one."""

from __future__ import annotations

import collections
import json
import os
import pickle
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoint_support import TINY, Weights, assert_filled
from safetensors.torch import save_file

from livegraph import ModelError
from livegraph_wan.checkpoint import architecture, fill, open_tensors, open_transformer
from livegraph_wan.checkpoint.names import to_diffusers
from livegraph_wan.model import WanTransformer


def sharded(folder: Path, weights: Weights) -> Path:
    names = sorted(weights)
    shards = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
    folder.mkdir(exist_ok=True)
    for shard, part in shards.items():
        save_file({name: weights[name] for name in part}, folder / shard)
    index = folder / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: shard for shard, part in shards.items() for name in part}}))
    return index


def prefixed(weights: Weights, prefix: str) -> Weights:
    return {prefix + name: value for name, value in weights.items()}


WRAPPED = {
    "bare": lambda weights: weights,
    "generator": lambda weights: {"generator": prefixed(weights, "model."), "critic": {"x": torch.ones(1)}, "step": 7},
    "generator_ema": lambda weights: {"generator_ema": prefixed(weights, "model.")},
    "state_dict": lambda weights: {"state_dict": weights, "epoch": 3},
    "model": lambda weights: {"model": weights},
    "deep": lambda weights: {"state_dict": {"model": prefixed(weights, "model.diffusion_model.")}},
    "fsdp": lambda weights: {
        "generator": {
            "model._fsdp_wrapped_module." + name.replace("self_attn.", "_fsdp_wrapped_module.self_attn."): value
            for name, value in weights.items()
        }
    },
    "compiled": lambda weights: prefixed(weights, "module._orig_mod."),
    "ordered": lambda weights: collections.OrderedDict(weights),
}


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_torch_files(tmp_path: Path, weights: Weights, empty: WanTransformer, wrap: str, zipped: bool) -> None:
    path = tmp_path / "model.pt"
    torch.save(WRAPPED[wrap](weights), path, _use_new_zipfile_serialization=zipped)
    fill(empty, open_transformer(path))
    assert_filled(empty, weights)


@pytest.mark.parametrize("prefix", ["", "model.", "model.diffusion_model.", "diffusion_model."])
def test_safetensors(tmp_path: Path, weights: Weights, empty: WanTransformer, prefix: str) -> None:
    save_file(prefixed(weights, prefix), tmp_path / "model.safetensors")
    fill(empty, open_transformer(tmp_path / "model.safetensors"))
    assert_filled(empty, weights)


@pytest.mark.parametrize("name", ["index", "folder", "pipeline"])
def test_shards_in_diffusers_names(tmp_path: Path, weights: Weights, empty: WanTransformer, name: str) -> None:
    folder = tmp_path / "transformer"
    index = sharded(folder, {to_diffusers(key): value for key, value in weights.items()})
    (tmp_path / "model_index.json").write_text("{}")
    fill(empty, open_transformer({"index": index, "folder": folder, "pipeline": tmp_path}[name]))
    assert_filled(empty, weights)


def test_what_a_file_is_called_does_not_matter(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    save_file(weights, tmp_path / "model.pt")
    fill(empty, open_transformer(tmp_path / "model.pt"))
    assert_filled(empty, weights)


def test_of_two_parts_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"generator": {"w": torch.zeros(1)}, "generator_ema": {"w": torch.ones(1)}}, path)
    assert open_tensors(path)["w"] == 0
    assert open_tensors(path, "generator_ema")["w"] == 1
    with pytest.raises(ModelError, match=r"model\.pt has no critic: it has generator, generator_ema"):
        open_tensors(path, "critic")


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in /proc")


@LINUX
def test_tensors_are_mapped_not_read(tmp_path: Path) -> None:
    """A file with holes: 8 GB that are not on the disk, and must not come into memory either."""
    size = 8 << 30
    header = json.dumps({"big": {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    before = _resident()
    tensors = open_tensors(tmp_path / "model.safetensors")
    assert tensors.shape("big") == (size // 2,)
    assert tensors["big"][-1] == 0
    assert _resident() - before < 1 << 30


def _resident(kind: str = "VmRSS") -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


@LINUX
def test_torch_files_are_mapped_too(tmp_path: Path) -> None:
    torch.save({"big": torch.zeros(64 << 20)}, tmp_path / "model.pt")  # 256 MB
    before = _resident()
    tensors = open_tensors(tmp_path / "model.pt")
    assert tensors["big"][-1] == 0
    assert _resident() - before < 64 << 20


@LINUX
@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_a_model_is_held_once(tmp_path: Path, name: str) -> None:
    """128 MB of fp32 become 64 MB of bf16, and no more than one weight besides; the file's pages are the system's."""
    config = replace(TINY, dim=512, ffn_dim=4096, num_layers=5)
    weights = WanTransformer(config).state_dict()
    size = sum(value.nbytes for value in weights.values())
    assert size > 128 << 20
    save_file(weights, tmp_path / name) if name.endswith("safetensors") else torch.save(weights, tmp_path / name)
    del weights
    with torch.device("meta"):
        model = WanTransformer(config)
    before = _resident("RssAnon")
    fill(model, open_transformer(tmp_path / name), dtype=torch.bfloat16)
    assert _resident("RssAnon") - before < size // 2 + (24 << 20)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch pwned",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"generator": {"w": torch.ones(1)}, "args": Evil()}, "model.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"model\.pt holds more than weights: (posix|nt)\.system\. It was not run"):
        open_tensors(Path("model.pt"))
    assert not Path("pwned").exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_bare_pickle_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        Path("model.pt").write_bytes(pickle.dumps(Evil(), protocol))
        with pytest.raises(ModelError, match=r"model\.pt"):
            open_tensors(Path("model.pt"))
    assert not Path("pwned").exists()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5676252553\n"
BROKEN = {
    "nothing": (b"", "is no checkpoint, or is damaged"),
    "text": (b"not a model at all, but some text\n" * 9, "is no checkpoint, or is damaged"),
    "page": (b"<!DOCTYPE html>\n<title>Log in</title>", "is a web page"),
    "pointer": (LFS, "is a pointer of Git LFS"),
    "pickle": (b"\x80\x02garbage", "is no checkpoint, or is damaged"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_checkpoint(tmp_path: Path, kind: str) -> None:
    content, message = BROKEN[kind]
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(ModelError, match=f"model.pt {message}"):
        open_tensors(tmp_path / "model.pt")


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match="is no checkpoint, or is damaged"):
        open_tensors(tmp_path / "model.pt")


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_a_file_that_ends_early(tmp_path: Path, weights: Weights, name: str) -> None:
    path = tmp_path / name
    save_file(weights, path) if path.suffix == ".safetensors" else torch.save(weights, path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(ModelError, match=f"{name} is no checkpoint, or is damaged"):
        open_tensors(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"step": 3, "lr": 0.1}, r"holds no weights: it has step, lr; looked for generator, "),
        ([torch.ones(1)], r"holds no weights: it has a list"),
        (torch.ones(1), r"holds no weights: it has a Tensor"),
        ({"generator": {"w": torch.ones(1), "epoch": 7}}, r"epoch is a int, not a tensor"),
        ({"module.w": torch.ones(1), "w": torch.ones(1)}, r"w is there twice"),
    ],
)
def test_a_torch_file_without_a_state_dict(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(ModelError, match=message):
        open_tensors(tmp_path / "model.pt")


def test_folders_without_one_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no checkpoint in it"):
        open_tensors(tmp_path)
    for name in ("a.pt", "b.pt"):
        torch.save({"w": torch.ones(1)}, tmp_path / name)
    with pytest.raises(ModelError, match=r"which of a\.pt, b\.pt"):
        open_tensors(tmp_path)
    with pytest.raises(ModelError, match="there is no such file"):
        open_tensors(tmp_path / "c.pt")


def test_an_index_with_a_missing_or_foreign_shard(tmp_path: Path, weights: Weights) -> None:
    index = sharded(tmp_path, weights)
    (tmp_path / "two.safetensors").rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=r"its shard two\.safetensors is missing"):
        open_tensors(index)
    index.write_text(json.dumps({"weight_map": {"w": "../secret.safetensors"}}))
    with pytest.raises(ModelError, match="is not beside it"):
        open_tensors(index)
    index.write_text(json.dumps({"weight_map": {"w": "one.safetensors"}}))
    with pytest.raises(ModelError, match=r"w is not in one\.safetensors"):
        open_tensors(index)
    index.write_text("[]")
    with pytest.raises(ModelError, match="has no weight_map"):
        open_tensors(index)


def test_missing_and_surplus_weights_are_named(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    weights["blocks.0.self_attn.queue.weight"] = weights.pop("blocks.0.self_attn.q.weight")
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError) as raised:
        fill(empty, open_transformer(tmp_path / "model.safetensors"))
    assert str(raised.value) == (
        f"{tmp_path}/model.safetensors: it lacks blocks.0.self_attn.q.weight; it has "
        "blocks.0.self_attn.queue.weight, which the model has not (nearest: blocks.0.self_attn.q.weight)"
    )
    assert all(parameter.is_meta for parameter in empty.parameters())


def test_many_missing_weights_are_counted(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    save_file({"head.head.bias": weights["head.head.bias"]}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=re.escape(f"and {len(weights) - 4} more")):
        fill(empty, open_transformer(tmp_path / "model.safetensors"))


def test_a_wrong_shape_is_named(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    weights["head.head.bias"] = torch.ones(7)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"head\.head\.bias is \[7\], not \[16\]"):
        fill(empty, open_transformer(tmp_path / "model.safetensors"))


def test_a_foreign_name_among_diffusers_names(tmp_path: Path, weights: Weights) -> None:
    renamed = {to_diffusers(name): value for name, value in weights.items()} | {"vace.proj_in.weight": torch.ones(1)}
    save_file(renamed, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"vace\.proj_in\.weight is no weight of a Wan transformer"):
        open_transformer(tmp_path / "model.safetensors")


def test_numbers_are_converted_on_the_way(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    save_file(weights, tmp_path / "model.safetensors")
    fill(empty, open_transformer(tmp_path / "model.safetensors"), dtype=torch.bfloat16)
    assert_filled(empty, {name: value.bfloat16() for name, value in weights.items()})


def test_the_architecture_is_in_the_shapes(tmp_path: Path, weights: Weights) -> None:
    save_file(weights, tmp_path / "model.safetensors")
    tensors = open_transformer(tmp_path / "model.safetensors")
    assert architecture(tensors, num_heads=2, text_len=7) == TINY
    with pytest.raises(ModelError, match="32 channels are no whole number of heads of 128"):
        architecture(tensors)


@pytest.mark.parametrize(("dim", "heads"), [(1536, 12), (5120, 40)])
def test_published_sizes_have_heads_of_128(tmp_path: Path, dim: int, heads: int) -> None:
    shapes = {
        "patch_embedding.weight": (dim, 16, 1, 2, 2),
        "blocks.0.ffn.0.weight": (8960, 1),
        "blocks.29.ffn.0.weight": (8960, 1),
        "text_embedding.0.weight": (1, 4096),
        "head.head.weight": (64, 1),
        "time_embedding.0.weight": (1, 256),
    }
    save_file(
        {name: torch.zeros(shape, dtype=torch.uint8) for name, shape in shapes.items()}, tmp_path / "m.safetensors"
    )
    found = architecture(open_tensors(tmp_path / "m.safetensors"))
    assert (found.dim, found.num_heads, found.num_layers, found.in_dim, found.out_dim) == (dim, heads, 30, 16, 16)
    assert (found.text_dim, found.text_len, found.freq_dim) == (4096, 512, 256)


def test_a_vae_is_no_transformer(tmp_path: Path) -> None:
    save_file({"encoder.conv1.weight": torch.ones(1)}, tmp_path / "vae.safetensors")
    with pytest.raises(ModelError, match=r"is no Wan transformer: it has no patch_embedding\.weight"):
        architecture(open_transformer(tmp_path / "vae.safetensors"))


def test_an_i2v_model_is_known_by_its_image_branch(tmp_path: Path) -> None:
    config = replace(TINY, in_dim=36, out_dim=16, image_dim=20)
    torch.manual_seed(1)
    weights = WanTransformer(config).state_dict()
    save_file({to_diffusers(name): value.contiguous() for name, value in weights.items()}, tmp_path / "i2v.safetensors")
    tensors = open_transformer(tmp_path / "i2v.safetensors")
    assert architecture(tensors, num_heads=2, text_len=7) == config
    with torch.device("meta"):
        model = WanTransformer(config)
    fill(model, tensors)
    assert_filled(model, weights)
