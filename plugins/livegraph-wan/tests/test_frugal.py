"""A stream that goes on when memory runs out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fault_support import Scarce

from livegraph import DeviceMemoryError, Room
from livegraph_wan import frugal
from livegraph_wan.frugal import FrugalStream, Means
from livegraph_wan.load import Loaded
from livegraph_wan.memory import Setting
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import WAN_NANO, Profile
from livegraph_wan.stream import Stream
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import WanVAE
from livegraph_wan.wan import Wan

SIZE = (128, 96)
NARROW = VAEArchitecture(base_dim=8)
Make = Callable[..., FrugalStream]


def pictures(seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (4, size[1] // 16, size[0] // 16, 3), dtype=np.uint8)
    return coarse.repeat(16, 1).repeat(16, 2)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make(untrained: NanoWan, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Make:
    """A frugal stream around a small model; nobody knows how much memory there is."""
    monkeypatch.setattr(frugal, "room_of", lambda place: None)

    def made(
        vae: str = "nano",
        profile: Profile = WAN_NANO,
        taehv: bool = True,
        allowed: bool = True,
        model: Wan = untrained,
    ) -> FrugalStream:
        def load(name: str) -> Loaded:
            model.vae = load_vae(name)
            return Loaded(Stream(model, profile, device=torch.device("cpu"), dtype=torch.float32), load_vae)

        def load_vae(name: str) -> torch.nn.Module:
            torch.manual_seed(5)
            return (model.vae if name == "nano" else TAEHV() if name == "taehv" else WanVAE(NARROW)).eval()

        means = Means("ram", "torch-cpu", said.append, allowed, taehv)
        stream = FrugalStream(load, Setting(replace(profile, vae=vae), vae, SIZE, 4), means)
        stream.set_prompt("ink on paper")
        return stream

    return made


def test_with_enough_memory_it_is_the_engine(make: Make, stream: Stream, said: list[str]) -> None:
    frugal_one = make()
    stream.set_prompt("ink on paper")
    for seed in range(3):
        assert (frugal_one.step(pictures(seed), seed=1) == stream.step(pictures(seed), seed=1)).all()
    assert not said


@pytest.mark.parametrize("fails", [1, 7, 60, 333, 700])
def test_whichever_allocation_fails_the_pictures_come(make: Make, said: list[str], fails: int) -> None:
    stream = make()
    stream.step(pictures(0))
    with Scarce(fails=fails) as scarce:
        given = [stream.step(pictures(seed)) for seed in (1, 2, 3)]
    assert scarce.refused == 1
    assert [chunk.shape for chunk in given] == [(4, 96, 128, 3)] * 3
    assert len(said) == 1
    assert "out of memory on torch-cpu" in said[0]
    assert "window of 2 instead of 3 latent frames" in said[0]


def test_step_by_step_until_it_fits(make: Make, said: list[str]) -> None:
    """What is held never passes the limit, and what nobody needs is let go."""
    stream = make(profile=replace(WAN_NANO, steps_apart=False))
    needed = stream.setting.beside_weights
    with Scarce(limit=needed // 3) as scarce:
        shapes = {stream.step(pictures(seed)).shape for seed in range(4)}
    assert scarce.refused >= 2
    assert shapes == {(4, 96, 128, 3)}
    assert stream.setting.painted == (64, 64)
    assert stream.setting.profile.window == 1
    assert scarce.now <= stream.setting.beside_weights - stream.setting.parts["work"]
    assert [line.split("going on with ")[1].split(":")[0] for line in said] == [
        "a window of 2 instead of 3 latent frames",
        "a window of 1 instead of 2 latent frames",
        "painting at 96x64, enlarged to 128x96",
        "painting at 64x64, enlarged to 128x96",
    ]


def test_nothing_left_stops_with_the_figures(make: Make) -> None:
    stream = make()
    with Scarce(limit=10_000), pytest.raises(DeviceMemoryError) as raised:
        stream.step(pictures())
    told = str(raised.value)
    for part in (
        "wan-nano: out of memory on torch-cpu",
        "needed at 64x64",
        "weights ",
        "cache ",
        "you tried to allocate",
    ):
        assert part in told


def test_not_allowed_stops_at_once_and_says_what_would_help(make: Make, said: list[str]) -> None:
    stream = make(allowed=False)
    with Scarce(fails=50), pytest.raises(DeviceMemoryError, match=r"needed at 128x96.*a window of 2 .* would save"):
        stream.step(pictures())
    assert not said
    assert stream.step(pictures()).shape == (4, 96, 128, 3)  # what was held is freed


def test_other_errors_are_none_of_its_business(make: Make) -> None:
    stream = make()
    with pytest.raises(ValueError, match="expected"):
        stream.step(pictures()[:3])


def test_taehv_takes_over_from_wans_vae(make: Make, said: list[str]) -> None:
    """Its pictures come three later than the plan says of Wan's: as many as came in come out all the same."""
    stream = make("wan")
    assert len(stream.step(pictures(0))) == 4
    with Scarce(fails=400):
        assert len(stream.step(pictures(1))) == 4
    assert "TAEHV instead of Wan's own VAE" in said[0]
    assert isinstance(stream.setting.vae, str)
    assert stream.setting.vae == "taehv"
    assert [len(stream.step(pictures(seed))) for seed in (2, 3)] == [4, 4]
    assert not sum(len(part) for part in stream.flush())


def test_without_taehv_it_is_passed_over(make: Make, said: list[str]) -> None:
    stream = make("wan", taehv=False)
    with Scarce(fails=400):
        stream.step(pictures(1))
    assert "painting at 96x64" in said[0] or "window" in said[0]
    assert stream.setting.vae == "wan"


def test_what_frees_itself_is_no_reason_to_paint_less(
    make: Make, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the formulas there is room: it is tried once more as it was."""
    stream = make()
    monkeypatch.setattr(frugal, "room_of", lambda place: Room(1 << 34, 1 << 34))
    with Scarce(fails=50):
        stream.step(pictures())
    assert said == [said[0]]
    assert "once more, with all freed" in said[0]
    assert stream.setting.profile.window == 3
    with Scarce(fails=50):
        stream.step(pictures())
    assert "window of 2" in said[1]


def test_ram_that_would_run_out_is_foreseen(make: Make, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A system rarely says that it has run out of RAM: it ends the process."""
    stream = make()
    larger = replace(stream.setting, size=(512, 384))
    monkeypatch.setattr(frugal, "room_of", lambda place: Room(larger.beside_weights // 2, 1 << 34))
    with Scarce(limit=larger.beside_weights // 2) as scarce:
        painted = stream.step(pictures(0, (512, 384)))
    assert painted.shape == (4, 384, 512, 3)
    assert scarce.refused == 0
    assert "free; going on with" in said[0]


REALLY = Path(__file__).parent / "run_out.py"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is what ends the memory here")
@pytest.mark.parametrize(("how", "told"), [("middle", "painting at"), ("load", "needed at 256x256")])
def test_memory_that_really_ends(how: str, told: str) -> None:
    # glibc reserves 64 MiB of address space for every thread that allocates: half of what the limit leaves
    env = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run([sys.executable, str(REALLY), how], capture_output=True, text=True, timeout=110, env=env)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "out of memory on torch-cpu" in done.stdout
    assert told in done.stdout


def test_what_is_painted_goes_on_from_the_last_picture(make: Make, said: list[str]) -> None:
    """A stream that had to begin anew has no past: without its last picture the scene would become another."""
    profile = replace(WAN_NANO, architecture=replace(WAN_NANO.architecture, in_dim=16))
    model = Wan(WanTransformer(profile.architecture), NanoVAE(), NanoText()).eval()
    stream = make(profile=profile, model=model)
    begun: list[np.ndarray] = []
    engine = stream.loaded.stream
    begin_from = engine.begin_from
    engine.begin_from = lambda still: begin_from((begun.append(still), still)[1])
    first = stream.paint(SIZE)
    with Scarce(fails=300):
        assert stream.paint(SIZE).shape == (4, 96, 128, 3)
    assert len(said) == len(begun) == 1
    assert (begun[0] == first[-1]).all()


def test_loras_that_find_no_memory_are_taken_over_all_the_same(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their strengths are set at the first try; what they make of the prompt is computed at the second."""
    stream = make()
    tries: list[str] = []

    def set_loras(strengths: object) -> None:
        tries.append("set")
        raise MemoryError

    monkeypatch.setattr(stream.loaded, "set_loras", set_loras)
    monkeypatch.setattr(stream.loaded.stream, "read_again", lambda: tries.append("read again"))
    stream.set_loras({Path("a"): 0.5})
    assert tries == ["set", "read again"]


def test_a_prompt_whose_encoder_does_not_fit_is_refused_with_figures(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = make()
    engine = stream.loaded.stream
    monkeypatch.setattr(engine, "knows", lambda text: False)
    monkeypatch.setattr(engine, "learn", lambda text: torch.empty(1 << 60, dtype=torch.uint8))
    with pytest.raises(DeviceMemoryError, match=r"the text encoder, 11\.4 GB, does not fit into RAM"):
        stream.set_prompt("something new")
    assert len(stream.step(pictures())) == 4  # under the prompt before


def test_the_encoder_is_let_go_where_ram_is_scarce(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = make()
    engine = stream.loaded.stream
    let_go: list[int] = []
    monkeypatch.setattr(engine, "knows", lambda text: False)
    monkeypatch.setattr(engine, "forget_texts", lambda: let_go.append(1))
    for free, times in ((8 << 30, 0), (1 << 30, 1)):
        monkeypatch.setattr(frugal, "room_of", lambda place, free=free: Room(free, 16 << 30))
        stream.learn("something new")
        assert len(let_go) == times
