"""The bench's parts at sizes that take seconds: that they measure what they say. No figure here is of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livegraph import Figure, InputError, Progress
from livegraph_wan.bench import ladder, operators, overhead, prompt, stages, whole
from livegraph_wan.bench.case import case_of, open_stream
from livegraph_wan.bench.clock import Cpu, repeated
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving
from livegraph_wan.bench.torch_operators import convolutions_of
from livegraph_wan.profile import STREAMDIFFUSION_1_3B, VaeName
from livegraph_wan.random_weights import make_vae

SMALL = Asked(size=(64, 48), backend="torch-cpu", chunks=2)


def figures(found: Iterable[Figure | Progress]) -> dict[str, Figure]:
    return {one.name: one for one in found if isinstance(one, Figure)}


@pytest.mark.parametrize("name", ["nano", "taehv", "wan"])
def test_the_convolutions_that_are_heard_are_all_that_the_formula_counts(name: VaeName) -> None:
    vae = make_vae(STREAMDIFFUSION_1_3B, name).to("meta")
    heard = [sum(one.flops for one in side) for side in convolutions_of(vae, (64, 48))]
    counted = vae.flops(48, 64)
    assert 0 < heard[0] <= counted.encode and 0 < heard[1] <= counted.decode
    if name == "taehv":
        assert heard == list(counted)


def test_operators_have_a_share_of_the_peak() -> None:
    found = figures(operators.measure(SMALL, quick=True))
    names = " ".join(found)
    for part in ("self-attention, 12 x 36", "RoPE, 36 x 192", "RMSNorm, 12 x 192", "linear, 12 x 192 -> 768", "conv2d"):
        assert part in names
    peaks = [figure for name, figure in found.items() if name.startswith("peak")]
    assert len(peaks) == 2 and all(peak.value > 0 for peak in peaks)
    for name, figure in found.items():
        if not name.startswith("peak"):
            assert figure.value > 0 and figure.detail["peak_percent"] > 0 and figure.detail["flop"] > 0


def test_stages_are_parts_of_a_whole() -> None:
    found = figures(stages.measure(SMALL, quick=True))
    assert list(found) == ["nano encode", "transformer pass", "nano decode"]
    assert sum(figure.detail["percent"] for figure in found.values()) == pytest.approx(100)


def test_the_whole_has_rate_first_picture_work_and_memory() -> None:
    ballast = np.ones(1 << 28, np.uint8)  # were it counted, the memory would be of who asks
    found = figures(whole.measure(SMALL, quick=True))
    assert found["end to end"].value == pytest.approx(4e3 / found["end to end"].detail["p50_ms"])
    assert found["p95 of a chunk over its median"].value >= 1
    assert found["first picture of a stream, warm"].detail["cold_ms"] > 0
    assert found["work per chunk"].value * 1e12 == case_of(SMALL).chunk_flops
    memory = found["peak memory of the process"]
    before = memory.detail["before_gib"]
    assert before < memory.value < before + ballast.nbytes / 2**30


def test_every_rung_that_holds_at_once_is_measured() -> None:
    found = figures(ladder.measure(replace(SMALL, size=(128, 128), steps=2), quick=True))
    assert list(found) == ["as asked for", "steps: 1", "steps: 1, resolution: 0.75", "steps: 1, resolution: 0.5"]
    assert found["as asked for"].value == 100
    assert all(figure.value > 0 and figure.detail["change_ms"] > 0 for figure in found.values())


def test_mlx_has_the_same_parts() -> None:
    pytest.importorskip("mlx.core")
    asked = Asked(size=(32, 32), backend="torch-cpu", chunks=2)
    case = replace(case_of(asked), backend="mlx", dtype="fp32")
    found = figures(stages.of_stream(case, open_stream(case), 2))
    assert len(found) == 3 and all(figure.value > 0 for figure in found.values())
    (product, *_), copy = list(operators.library_of(case).products(case)), operators.library_of(case).copy(case)
    assert product.flops > 0 and copy.bytes > 0
    for operator in operators.library_of(case).operators(case):
        assert repeated(operator.run, Cpu(), 0.0, 1).best > 0


def test_what_was_not_pulled_is_told_with_what_can_be_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(tmp_path))
    with pytest.raises(InputError, match="--random-weights"):
        open_stream(case_of(Asked(profile="self-forcing-1.3b", backend="torch-cpu")))


def test_a_graph_does_the_same_work_as_the_bare_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "CHUNKS", 4)
    monkeypatch.setattr(overhead, "SETTLING", 2)
    case, pictures = case_of(SMALL), moving((64, 48), 8)
    loop, graph = overhead.bare(case, open_stream(case), pictures), overhead.in_graph(pictures)
    assert 0 < loop.wall < 60 and 0 < graph.wall < 60 and graph.cpu > 0


def test_a_prompt_takes_effect_within_its_chunk_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "BETWEEN", 9)
    seen = prompt.changed((64, 48), changes=3, fps=3)  # so slow that only a machine that stands still loses any
    assert len(seen.late) == 3 and max(seen.late) <= 3, "a chunk that has begun keeps its prompt"
    assert seen.lost == 0
