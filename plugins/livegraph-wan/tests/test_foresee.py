"""What wan's nodes say they will hold."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from livegraph import MemoryNeed
from livegraph_wan.foresee import numbers_in, setting_for
from livegraph_wan.known import clean, embeddings_folder, file_of, fingerprint
from livegraph_wan.nodes.i2v import WanI2V
from livegraph_wan.nodes.t2v import WanT2V
from livegraph_wan.nodes.v2v import WanV2V
from livegraph_wan.profile import PROFILES

README = Path(__file__).parents[1] / "README.md"
GPU = {"backend": "torch-cuda", "dtype": "bf16", "overlap": False}


def needs(**params: Any) -> list[MemoryNeed]:
    return list(WanV2V.memory_for(WanV2V.Params(**params), None))


def test_the_stream_on_its_device_and_the_encoder_in_ram() -> None:
    stream, encoder = needs(model="streamdiffusionv2-1.3b", vae="wan", **GPU)
    assert (stream.place, stream.when) == ("gpu", "at 832x480")
    assert stream.total == pytest.approx(13.99e9, rel=0.001)
    assert (encoder.place, encoder.total) == ("ram", 2 * 5_680_910_336)
    changes = [saving.change.split(" (")[0] for saving in stream.savings]
    assert changes == ["vae: taehv", "window: 4", "pictures of 624x352"]
    assert all(saving.saves > 0 for saving in stream.savings)


def test_on_a_cpu_all_of_it_is_ram() -> None:
    assert [need.place for need in needs(model="wan-nano", backend="torch-cpu")] == ["ram"]


def test_the_size_is_that_of_what_reaches_the_node_or_of_what_it_paints() -> None:
    small, large = (WanV2V.memory_for(WanV2V.Params(), size)[0].total for size in ((64, 64), (512, 512)))
    assert large > small
    painted = WanT2V.Params(model="self-forcing-1.3b", size="320x192")
    assert WanT2V.memory_for(painted, (1920, 1080))[0].when == "at 320x192"


def test_numbers_of_half_the_size_and_packed_ones_save() -> None:
    full, half, packed = (
        needs(model="streamdiffusionv2-1.3b", **{**GPU, "dtype": dtype, "quantise": quantise})[0]
        for dtype, quantise in (("fp32", "none"), ("bf16", "none"), ("bf16", "int8"))
    )
    assert next(s.saves for s in full.savings if s.change == "dtype: bf16") == full.total - half.total
    assert half.parts["weights"] - packed.parts["weights"] == pytest.approx(1.42e9 * 0.92, rel=0.1)


def test_a_window_of_ones_own() -> None:
    usual, short = (needs(model="streamdiffusionv2-1.3b", window=window, **GPU)[0] for window in (0, 4))
    assert usual.parts["cache"] > short.parts["cache"]
    assert not needs(model="streamdiffusionv2-1.3b", window=3, **GPU)  # its sink alone: `setup` refuses it


def test_loras_are_counted_from_their_tables(tmp_path: Path) -> None:
    lora = tmp_path / "lora.safetensors"
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7, dtype=torch.bfloat16)}, lora, metadata={"by": "us"})
    assert numbers_in(lora) == 22
    stream = needs(model="streamdiffusionv2-1.3b", loras=(str(lora), str(lora)), **GPU)[0]
    assert stream.parts["LoRAs"] == 2 * 22 * 2
    torch.save({"a": torch.zeros(1000)}, tmp_path / "lora.pt")
    assert numbers_in(tmp_path / "lora.pt") >= 2000
    assert numbers_in(tmp_path / "none.safetensors") == 0


@pytest.mark.parametrize(("backend", "itemsize"), [("torch-cuda", 2), ("torch-cpu", 4)])
def test_the_image_encoder_is_part_of_the_running_setting(backend: str, itemsize: int) -> None:
    """When memory runs out, its bytes are in the figures; and not in what stepping down makes anew."""
    params = WanI2V.Params(model="wan2.1-i2v-14b-480p", image="still.png", backend=backend, dtype="bf16")
    setting = setting_for(params, PROFILES["wan2.1-i2v-14b-480p"], backend, (832, 480))
    assert setting.parts["image encoder"] == 632_076_800 * itemsize
    (stream, _encoder) = WanI2V.memory_for(params, None)
    assert stream.parts == setting.parts
    without = replace(setting, image_encoder=0)
    assert setting.total - without.total == 632_076_800 * itemsize
    assert setting.beside_weights == without.beside_weights


def test_a_prompt_that_was_read_needs_no_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umt5: Path) -> None:
    monkeypatch.setattr("livegraph_wan.known.find_model", lambda name: umt5)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    asked = {"model": "streamdiffusionv2-1.3b", "prompt": "ink  on paper: 2 | oil", **GPU}
    folder = embeddings_folder() / fingerprint(umt5)
    folder.mkdir(parents=True)
    (folder / file_of(clean("ink on paper"))).touch()
    assert len(needs(**asked)) == 2
    (folder / file_of("oil")).touch()
    assert len(needs(**asked)) == 1


@pytest.mark.parametrize(("rows", "apart"), [(2, False), (1, True)])
def test_what_costs_more(rows: int, apart: bool) -> None:
    plain = needs(model="streamdiffusionv2-1.3b", vae="taehv", backend="mlx", overlap=False)[0]
    other = needs(
        model="streamdiffusionv2-1.3b", vae="taehv", backend="mlx", overlap=apart, stream_batch=rows > 1, steps=rows
    )[0]
    assert other.total > plain.total


def test_recordings_are_counted_where_they_are_made() -> None:
    """As CUDA graphs; not where the user says no, by others who compute with us, or by another library."""

    def kept(backend: str = "torch-cuda", **params: Any) -> int:
        stream = needs(model="streamdiffusionv2-1.3b", vae="taehv", backend=backend, overlap=False, **params)[0]
        return stream.parts.get("recordings", 0)

    prompt = 2 * 30 * 512 * 1536 * 2 + 512 * 4096 * 4
    assert prompt < kept() == kept(compile=True) < 1.2 * prompt
    assert not (kept(compile=False) or kept(topology="distributed") or kept("torch-cpu") or kept("mlx"))


def test_what_is_not_recorded_works_in_one_memory() -> None:
    plain, elsewhere = (
        needs(model="streamdiffusionv2-1.3b", vae="taehv", compile=False, **{**GPU, "backend": backend})[0]
        for backend in ("torch-cuda", "mlx")
    )
    assert plain.parts == elsewhere.parts


def test_the_readmes_table_is_what_the_formulas_say() -> None:
    rows = [line.split("|")[1:-1] for line in README.read_text().splitlines()]
    vaes = {"TAEHV": "taehv", "Wan's VAE": "wan"}
    named = {tuple(row[0].strip().split(", ")): row[1:] for row in rows if len(row) == 6 and row[0].count(", ") == 1}
    assert len(named) == 4
    for (model, vae), said in named.items():
        params = WanV2V.Params(model=model, vae=vaes[vae], dtype="bf16", overlap=False)
        setting = setting_for(params, PROFILES[model], "mlx", (832, 480))
        meant = [held / 1e9 for held in (*setting.parts.values(), setting.total)]
        assert [float(cell) for cell in said] == pytest.approx(meant, rel=0.01, abs=0.006)


@pytest.mark.parametrize(("size", "when"), [("auto", "at 256x256"), ("512x384", "at 512x384")])
def test_checking_a_graph_imports_no_torch(size: str, when: str) -> None:
    asked = (
        "import sys\n"
        "from livegraph.cli.main import run\n"
        f"sys.argv = ['livegraph', 'check', 'cam2wan', '--json', '--set', 'camera.size={size}']\n"
        "try:\n    run()\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "assert not {'torch', 'mlx'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    (need,) = json.loads(done.stdout)["memory"]["nodes"]
    assert need["node"] == "wan"
    assert need["when"] == when
    assert np.sum(list(need["parts"].values())) == need["total"]
