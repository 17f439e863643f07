"""A whole stream, really run, against what the formulas say that it will hold."""

import dataclasses
import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from held_support import Held

from livegraph_wan.capture import Recorded, Rerun, leaves
from livegraph_wan.engine import Engine
from livegraph_wan.memory import Setting
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import PROFILES, Architecture, Profile
from livegraph_wan.stream import Stream, TorchBackend
from livegraph_wan.vae.base import channels_last
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.wan import Wan

SMALL = Architecture(dim=96, ffn_dim=256, num_layers=2, num_heads=2, text_dim=64, text_len=16, freq_dim=32)
PROFILE = Profile("small", SMALL, (1000, 500), shift=1.0, frames_per_block=1, window=4, steps=1, vae="nano")
SIZE = (128, 64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("vae", ["nano", "taehv"])
@pytest.mark.parametrize(("block", "window"), [(1, 4), (1, 12), (3, 6)])
def test_a_stream_holds_what_is_foreseen(vae: str, block: int, window: int, dtype: torch.dtype) -> None:
    """Within 2 % what stays, and 10 % the most at once."""
    profile = dataclasses.replace(PROFILE, vae=vae, frames_per_block=block, window=window)
    model = Wan(WanTransformer(SMALL), NanoVAE() if vae == "nano" else channels_last(TAEHV()), NanoText())
    stream = Stream(model, profile, device=torch.device("cpu"), dtype=dtype)
    pictures = np.random.default_rng(1).integers(0, 256, (stream.frames, SIZE[1], SIZE[0], 3), dtype=np.uint8)
    with Held() as held:
        stream.set_prompt("ink")
        for _ in range(window // block + 1):
            stream.step(pictures)
    setting = Setting(profile, vae, SIZE, dtype.itemsize)
    foreseen = setting.beside_weights
    assert held.peak == pytest.approx(foreseen, rel=0.1)
    noise_and_prompt = 4 * (3 * block * 16 * SIZE[0] // 8 * SIZE[1] // 8 + 16 * 64)  # these lie in NumPy's memory
    assert held.now + noise_and_prompt == pytest.approx(foreseen - setting.parts["work"], rel=0.02)
    apart = 0 if vae == "nano" else sum(weight.nbytes for weight in model.text.parameters())  # wan-nano's lies with it
    assert sum(weight.nbytes for weight in model.parameters()) - apart == setting.parts["weights"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("vae", ["nano", "taehv"])
@pytest.mark.parametrize(("block", "window", "rows"), [(1, 4, 1), (3, 6, 1), (3, 3, 1), (1, 4, 2), (1, 4, 3)])
def test_recordings_keep_what_is_foreseen(vae: str, block: int, window: int, rows: int, dtype: torch.dtype) -> None:
    """To the byte: the slots and what each form of a pass reads and makes, once a stream has filled its window."""
    profile = dataclasses.replace(PROFILE, vae=vae, frames_per_block=block, window=window)
    model = Wan(WanTransformer(SMALL), NanoVAE() if vae == "nano" else channels_last(TAEHV()), NanoText())
    backend = TorchBackend(model, profile, torch.device("cpu"), dtype, recorder=Rerun)
    engine = Engine(backend, profile, batch=rows if rows > 1 else 0)
    pictures = np.random.default_rng(1).integers(0, 256, (engine.frames, SIZE[1], SIZE[0], 3), dtype=np.uint8)
    engine.set_prompt("ink")
    for _ in range(window // block + rows + 1):
        engine.step(pictures)
    setting = Setting(profile, vae, SIZE, dtype.itemsize, rows=rows, recorded=True)
    session = engine._session
    kept = kept_by(backend._encode, backend._decode, session.denoiser.runner._pass)
    state = sum(slot.nbytes for way in (session.encoder, session.decoder) for slot in leaves(way))
    assert kept - state == setting.parts["recordings"]
    plain = dataclasses.replace(setting, recorded=False, apart=True)
    assert setting.total - plain.total == setting.parts["recordings"]


def kept_by(*recorded: Recorded) -> int:
    trees = [(one._slots, *((take.given, take.recording.made) for take in one._takes.values())) for one in recorded]
    storages = {leaf.data_ptr(): leaf.untyped_storage().nbytes() for leaf in leaves(trees)}
    return sum(storages.values())


@pytest.mark.parametrize("recorder", [None, Rerun])
def test_what_another_size_needed_is_let_go_at_once(recorder: type[Rerun] | None) -> None:
    """Without Python's search for circles, which takes as long as a chunk: nothing lies in one."""
    model = Wan(WanTransformer(SMALL), NanoVAE(), NanoText())
    engine = Engine(TorchBackend(model, PROFILE, torch.device("cpu"), torch.float32, recorder=recorder), PROFILE)
    engine.set_prompt("ink")
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            engine.step(np.zeros((4, 32, 32, 3), np.uint8))
        cache = weakref.ref(engine._session.denoiser.runner.cache)
        engine.step(np.zeros((4, 48, 48, 3), np.uint8))
    finally:
        gc.enable()
    assert cache() is None


def test_the_published_models_at_their_own_size() -> None:
    """GB of StreamDiffusionV2's at 832x480 in bf16: the weights of 1.42 and 14.3 billion numbers."""
    gigabytes = {
        (name, vae): Setting(PROFILES[name], vae, (832, 480), 2).total / 1e9
        for name in ("streamdiffusionv2-1.3b", "streamdiffusionv2-14b")
        for vae in ("taehv", "wan")
    }
    assert gigabytes == {
        ("streamdiffusionv2-1.3b", "taehv"): pytest.approx(5.34, abs=0.01),
        ("streamdiffusionv2-1.3b", "wan"): pytest.approx(11.36, abs=0.01),
        ("streamdiffusionv2-14b", "taehv"): pytest.approx(37.48, abs=0.01),
        ("streamdiffusionv2-14b", "wan"): pytest.approx(43.37, abs=0.01),
    }


def test_planning_imports_no_torch() -> None:
    asked = "import sys, livegraph_wan.memory; assert not {'torch', 'mlx'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", asked], check=True)
