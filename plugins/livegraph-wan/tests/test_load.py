"""A published model from its files to pictures: tiny weights in the true formats, where `pull` puts them."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from livegraph import InputError, ModelError
from livegraph_wan import load as loading
from livegraph_wan.choice import BACKENDS, choose_backend, profile_for, vae_of
from livegraph_wan.load import Wanted, checkpoint_in, load, load_vae
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import PROFILES, Architecture, Profile
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.names import to_diffusers
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import WanVAE

TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=8, freq_dim=32)


@pytest.fixture
def profile() -> Profile:
    return replace(PROFILES["streamdiffusionv2-1.3b"], architecture=TINY)


@pytest.fixture
def pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umt5: Path) -> Path:
    """The folders of a transformer, of TAEHV and of a text encoder."""
    folders = {"streamdiffusionv2-1.3b": tmp_path / "wan", "taew2_1": tmp_path / "tiny", "umt5-xxl": umt5}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    torch.manual_seed(1)
    weights = {f"model.{name}": value for name, value in WanTransformer(TINY).state_dict().items()}
    torch.save({"generator": weights}, tmp_path / "wan" / "model.pt")
    torch.save(TAEHV().state_dict(), tmp_path / "tiny" / "taew2_1.pth")
    monkeypatch.setattr(loading, "require_model", lambda name: folders[name])
    monkeypatch.setattr("livegraph_wan.choice.find_model", folders.get)
    return tmp_path


def clip(count: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (count, 32, 48, 3), dtype=np.uint8)


def test_from_files_to_pictures(pulled: Path, profile: Profile) -> None:
    stream = load(Wanted(profile, dtype="fp32", embeddings=pulled / "cache"), "torch-cpu").stream
    stream.set_prompt("oil painting: 2 | ink on paper")
    parts = [stream.step(clip(4)) for _ in range(8)]
    assert [len(part) for part in parts] == [1, *[4] * 7]
    assert [len(part) for part in stream.flush()] == [3]
    assert len(list((pulled / "cache").rglob("*.safetensors"))) == 2
    assert stream.knows("ink on paper")
    assert not stream.knows("oil on paper")


@pytest.mark.parametrize("name", ["blocks.0.self_attn.q", "blocks.0.cross_attn.v"])
def test_a_lora_changes_the_picture_while_it_runs(pulled: Path, profile: Profile, name: str) -> None:
    """Also where it is on a layer that only the prompt passes through, once."""
    out, inner = 48, 48
    path = pulled / "style.safetensors"
    save_file({f"{name}.lora_down.weight": torch.ones(2, inner), f"{name}.lora_up.weight": torch.ones(out, 2)}, path)
    loaded = load(Wanted(profile, dtype="fp32", loras={path: 0.0}), "torch-cpu")
    loaded.stream.set_prompt("ink")

    def drawn() -> np.ndarray:
        loaded.stream.reset()
        return np.concatenate([loaded.stream.step(clip(4)) for _ in range(3)])

    without = drawn()
    loaded.set_loras({path: 1.0})
    assert (drawn() != without).any()
    loaded.set_loras({path: 0.0})
    assert (drawn() == without).all()


def test_a_checkpoint_of_ones_own(pulled: Path, profile: Profile) -> None:
    torch.manual_seed(9)
    own = pulled / "own.safetensors"
    save_file(WanTransformer(TINY).state_dict(), own)
    made = []
    for checkpoint in (None, own):
        stream = load(Wanted(profile, checkpoint=checkpoint, dtype="fp32"), "torch-cpu").stream
        stream.set_prompt("ink")
        made.append(np.concatenate([stream.step(clip(4)) for _ in range(2)]))
    assert (made[0] != made[1]).any()


def test_a_foreign_file_is_named(pulled: Path, profile: Profile) -> None:
    save_file({"something": torch.ones(1)}, pulled / "foreign.safetensors")
    with pytest.raises(ModelError, match=r"foreign\.safetensors"):
        load(Wanted(profile, checkpoint=pulled / "foreign.safetensors"), "torch-cpu")


@pytest.mark.parametrize("naming", ["original", "diffusers"])
def test_wans_own_vae_from_either_file(pulled: Path, profile: Profile, naming: str, monkeypatch) -> None:
    """A narrow one, in the layout of `Wan2.1_VAE.pth` and in diffusers'."""
    small = partial(WanVAE, VAEArchitecture(base_dim=8))
    monkeypatch.setattr("livegraph_wan.vae.wan.WanVAE", small)
    monkeypatch.setattr(loading, "require_model", lambda name: pulled / name)
    (pulled / "wan2.1-vae").mkdir()
    weights = small().state_dict()
    if naming == "original":
        torch.save(weights, pulled / "wan2.1-vae" / "Wan2.1_VAE.pth")
    else:
        save_file(to_diffusers(weights), pulled / "wan2.1-vae" / "diffusion_pytorch_model.safetensors")
    vae = load_vae(replace(profile, normalised=True), "wan")
    clip = torch.rand(1, 5, 3, 16, 16)
    same = small()
    same.load_state_dict(weights)
    torch.testing.assert_close(vae.encode(clip, None)[0], same.encode(clip, None)[0], atol=1e-5, rtol=0)


def test_a_vae_that_lacks_a_weight_is_named(pulled: Path, profile: Profile) -> None:
    weights = TAEHV().state_dict()
    del weights["encoder.0.bias"]
    torch.save(weights, pulled / "tiny" / "taew2_1.pth")
    with pytest.raises(ModelError, match=r"taew2_1\.pth: it lacks encoder\.0\.bias"):
        load_vae(profile, "taehv")


def test_what_is_not_there_is_told_with_its_parameter(profile: Profile) -> None:
    with pytest.raises(ModelError, match=r"^checkpoint: /nope\.pt: there is no such file"):
        load(Wanted(profile, checkpoint=Path("/nope.pt")), "torch-cpu")
    for backend in ("torch-cpu", "mlx"):
        with pytest.raises(ModelError, match=r"^loras: /nope\.safetensors: there is no such file"):
            load(Wanted(PROFILES["wan-nano"], loras={Path("/nope.safetensors"): 1.0}), backend)
    with pytest.raises(InputError, match=r"^checkpoint: wan-nano brings its own weights; say by `model` what mine\.pt"):
        load(Wanted(PROFILES["wan-nano"], checkpoint=Path("mine.pt")), "torch-cpu")


@pytest.mark.parametrize("backend", ["torch-cpu", "mlx"])
def test_a_vae_of_another_family_is_refused(backend: str) -> None:
    with pytest.raises(InputError, match=r"^vae: taehv does not work with wan-nano; here: auto, nano"):
        load(Wanted(PROFILES["wan-nano"], vae="taehv"), backend)


def test_shards_come_before_single_files(tmp_path: Path) -> None:
    for name in ("a.safetensors", "model.safetensors.index.json", "config.json", "lora.pt"):
        (tmp_path / name).touch()
    assert checkpoint_in(tmp_path).name == "model.safetensors.index.json"
    (tmp_path / "model.safetensors.index.json").unlink()
    assert checkpoint_in(tmp_path).name == "a.safetensors"
    (tmp_path / "a.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no checkpoint"):
        checkpoint_in(tmp_path)


def test_auto_is_what_was_pulled_where_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegraph_wan.choice.find_model", {"longlive-1.3b": Path("x")}.get)
    monkeypatch.setattr("livegraph_wan.choice.has_gpu", lambda: True)
    assert profile_for("auto").name == "longlive-1.3b"
    monkeypatch.setattr("livegraph_wan.choice.has_gpu", lambda: False)
    assert profile_for("auto").name == "wan-nano"
    with pytest.raises(ValueError, match="no model 'longlive'"):
        profile_for("longlive")


def test_the_vae_is_what_was_asked_for_or_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = PROFILES["self-forcing-1.3b"]
    monkeypatch.setattr("livegraph_wan.choice.find_model", {}.get)
    assert [vae_of(profile, name) for name in ("auto", "wan", "taehv")] == ["wan", "wan", "taehv"]
    monkeypatch.setattr("livegraph_wan.choice.find_model", {"taew2_1": Path("x")}.get)
    assert vae_of(profile, "auto") == "taehv"
    assert vae_of(PROFILES["wan-nano"], "auto") == "nano"


def test_backends_are_tried_in_order() -> None:
    probes = {name: f"{__name__}:{name.replace('-', '_')}" for name in BACKENDS}
    assert choose_backend("auto", cpu=False, probes=probes) == ("torch-mps", "a fast one")
    assert choose_backend("auto", cpu=True, probes=probes).name == "torch-cpu"
    assert choose_backend("torch", cpu=False, probes=probes).name == "torch-mps"


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_on_a_mac_what_mps_lacks_runs_on_the_cpu(monkeypatch: pytest.MonkeyPatch, before, after: str) -> None:
    """Unless the user says otherwise."""
    monkeypatch.setattr("livegraph_wan.choice.is_apple", lambda: True)
    name = "PYTORCH_ENABLE_MPS_FALLBACK"
    monkeypatch.setenv(name, before or "")  # so that it is as it was afterwards
    if before is None:
        monkeypatch.delenv(name)
    choose_backend("torch-mps", cpu=False, probes={"torch-mps": f"{__name__}:torch_mps"})
    assert os.environ[name] == after


def mlx() -> str:
    raise RuntimeError("no Apple")


def torch_cuda() -> str:
    raise RuntimeError("no NVIDIA")


def torch_mps() -> str:
    return "a fast one"


def torch_cpu() -> str:
    return "always"
