"""Ways down for adaptive quality, as the wan nodes name them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from livegraph_wan import cost, ladder
from livegraph_wan.memory import Setting
from livegraph_wan.nodes.base import WanNode
from livegraph_wan.nodes.i2v import WanI2V
from livegraph_wan.nodes.t2v import WanT2V
from livegraph_wan.nodes.v2v import WanV2V
from livegraph_wan.profile import PROFILES

LOWER = [{"resolution": 0.75}, {"resolution": 0.5}]


@pytest.fixture(autouse=True)
def pulled(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """What was pulled."""
    found: dict[str, Path] = {}
    monkeypatch.setattr("livegraph_wan.choice.find_model", found.get)
    monkeypatch.setattr("livegraph_wan.choice.has_gpu", lambda: False)
    ladder.found_for.cache_clear()
    yield found
    ladder.found_for.cache_clear()


def rungs(cls: type[WanNode] = WanV2V, **params: Any) -> list[dict[str, Any]]:
    return [dict(rung) for rung in cls.ladder_for(cls.Params(**params))]


def test_wan_nano_takes_one_step_so_its_pixels_count() -> None:
    assert rungs() == rungs(model="wan-nano") == LOWER


def test_steps_then_pixels_then_the_other_vae(pulled: dict[str, Path]) -> None:
    pulled["taew2_1"] = Path()
    assert rungs(WanT2V, model="causvid-1.3b", vae="wan") == [
        {"steps": 2},
        {"steps": 1},
        {"steps": 1, "resolution": 0.75},
        {"steps": 1, "resolution": 0.5},
        {"steps": 1, "resolution": 0.5, "vae": "taehv"},
    ]


@pytest.mark.parametrize("vae", ["auto", "taehv"])
def test_no_other_vae_where_taehv_draws_already(pulled: dict[str, Path], vae: str) -> None:
    pulled["taew2_1"] = Path()
    assert not any("vae" in rung for rung in rungs(model="krea-14b", vae=vae))


def test_no_other_vae_where_taehv_is_not_here() -> None:
    assert not any("vae" in rung for rung in rungs(model="krea-14b", vae="wan"))


def test_steps_that_the_strength_leaves_out_save_nothing() -> None:
    """self-forcing has 800 and 625 left at 0.8, whether four steps are asked for or two."""
    assert rungs(model="self-forcing-1.3b", noise_scale=0.8) == [{"steps": 1}, *({"steps": 1} | rung for rung in LOWER)]
    assert [rung["steps"] for rung in rungs(model="self-forcing-1.3b", noise_scale=1.0)[:3]] == [3, 2, 1]
    assert rungs(model="self-forcing-1.3b", noise_scale=0.3) == LOWER


@pytest.mark.parametrize("said", [{"prompt_dominance": 0.9}, {"stream_batch": True, "steps": 2}, {"target_fps": 20.0}])
def test_steps_that_something_else_decides_on_are_left_alone(said: dict[str, Any]) -> None:
    assert rungs(model="streamdiffusionv2-1.3b", **said) == LOWER


@pytest.mark.parametrize(
    ("resolution", "below"), [(0.5, [0.375, 0.25]), (0.4, [0.3, 0.25]), (0.3, [0.25]), (0.26, []), (0.25, [])]
)
def test_pixels_go_down_from_what_is_asked_for(resolution: float, below: list[float]) -> None:
    assert [rung["resolution"] for rung in rungs(resolution=resolution)] == pytest.approx(below)


def test_processes_that_share_a_picture_keep_its_size() -> None:
    assert rungs(model="streamdiffusionv2-1.3b", topology="distributed") == [{"steps": 1}]


def test_a_model_that_is_not_there_or_cannot_has_none() -> None:
    assert not rungs(model="wan-mini")
    assert not rungs(WanT2V, model="wan-nano")
    assert not rungs(WanT2V)  # auto, and none was pulled


def work(cls: type[WanNode], params: Any) -> int:
    """Of the transformer, in floating-point operations per chunk."""
    profile = PROFILES[params.model]
    setting = Setting(profile, "nano", profile.size, 4, resolution=params.resolution)
    return cls.passes(params, profile, params.steps or profile.steps) * cost.flops(profile, setting.painted)


NEEDED: dict[type[WanNode], dict[str, Any]] = {WanV2V: {"noise_scale": 1.0}, WanT2V: {}, WanI2V: {"image": "a.png"}}


@pytest.mark.parametrize(
    ("cls", "model"), [(cls, name) for cls in NEEDED for name, has in PROFILES.items() if cls.task in has.tasks]
)
def test_every_rung_is_valid_and_less_work_than_the_one_before(cls: type[WanNode], model: str) -> None:
    params = cls.Params(model=model, **NEEDED[cls])
    found = cls.ladder_for(params)
    assert found
    ways = [params, *(cls.Params(**{**params.model_dump(), **rung}) for rung in found)]
    assert all(work(cls, less) < 0.9 * work(cls, more) for more, less in pairwise(ways))
    assert all(set(more) <= set(less) for more, less in pairwise(found)), "each says all that differs"


def test_it_is_asked_for_while_frames_pass() -> None:
    params = WanV2V.Params(model="self-forcing-1.3b", noise_scale=1.0)
    WanV2V.ladder_for(params)
    began = time.perf_counter()
    for _ in range(100):
        WanV2V.ladder_for(params)
    assert time.perf_counter() - began < 0.1


def test_it_is_asked_for_before_torch_is_there() -> None:
    code = "from livegraph_wan.nodes.v2v import WanV2V; WanV2V.ladder_for(WanV2V.Params())"
    code += "; import sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
