"""wan.t2v: pictures out of a prompt, at a rate."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from painted_support import change, read

from livegraph import EndOfStream, InputError
from livegraph.testing import run_graph
from livegraph_wan.nodes.t2v import WanT2V

Build = Callable[..., Any]


def test_pictures_come_at_the_rate(build: Build, self_forcing: str) -> None:
    frames = read(build(WanT2V, fps=20), 25)
    assert {frame.data.shape for frame in frames} == {(32, 64, 3)}
    assert [frame.pts_ns for frame in frames] == [n * 50_000_000 for n in range(25)]
    assert {frame.duration_ns for frame in frames} == {50_000_000}
    assert not any(frame.discontinuity for frame in frames)
    assert all((a.data != b.data).any() for a, b in pairwise(frames))


def test_it_ends_where_it_is_told_and_repeats_itself(build: Build, self_forcing: str) -> None:
    node = build(WanT2V, frames=11)
    once = read(node, 11)
    assert isinstance(node.read(), EndOfStream)
    again = read(build(WanT2V, duration=11 / 16), 11)
    assert all((a.data == b.data).all() for a, b in zip(once, again, strict=True))


@pytest.mark.parametrize(
    ("params", "live"),
    [({}, True), ({"frames": 3}, False), ({"duration": 1.0}, False), ({"frames": 3, "live": True}, True)],
)
def test_it_is_live_where_it_has_no_end(params: dict[str, Any], live: bool) -> None:
    assert WanT2V.is_live(WanT2V.Params(**params)) is live
    assert WanT2V.fps_for(WanT2V.Params(**params)) == 16


def test_prompt_seed_and_steps_change_between_two_chunks(build: Build, self_forcing: str) -> None:
    def tenth(**params: Any) -> np.ndarray:
        node = build(WanT2V, prompt="oil painting")
        read(node, 9)  # the first chunk
        change(node, **params)
        return read(node, 1)[0].data

    same, *others = tenth(), tenth(prompt="ink on paper"), tenth(seed=1), tenth(steps=1)
    assert (same == tenth()).all()
    assert all((other != same).any() for other in others)


def test_another_size_begins_anew_without_a_restart(build: Build, self_forcing: str) -> None:
    node = build(WanT2V, size="40x24")
    frames = read(node, 9)
    assert {frame.data.shape for frame in frames} == {(24, 40, 3)}
    model = node._artist
    change(node, size="auto")
    larger = read(node, 3)
    assert node._artist is model
    assert [frame.discontinuity for frame in larger] == [True, False, False]
    assert larger[0].data.shape == (32, 64, 3)
    assert larger[0].pts_ns == frames[-1].pts_ns + frames[-1].duration_ns


def test_a_lower_resolution_goes_on_from_the_last_picture(build: Build, self_forcing: str) -> None:
    node = build(WanT2V, size="128x96")
    frames = read(node, 9)
    assert node.status()["size"] == [128, 96]
    begun = []
    engine = node._artist.stream.loaded.stream
    begin_from = engine.begin_from
    engine.begin_from = lambda still: begin_from((begun.append(still), still)[1])
    change(node, resolution=0.5)
    frames += read(node, 15)
    assert node.status()["size"] == [64, 64]
    assert [still.shape for still in begun] == [(64, 64, 3)]
    assert {frame.data.shape for frame in frames} == {(96, 128, 3)}
    assert [frame.pts_ns for frame in frames] == [n * 62_500_000 for n in range(24)]
    assert not any(frame.discontinuity for frame in frames)


def test_live_a_chunk_is_painted_while_the_last_is_shown(build: Build, self_forcing: str) -> None:
    node = build(WanT2V, mode="live", fps=100)
    read(node, 8)
    deadline = time.monotonic() + 10
    while (ahead := node._next) is None or not ahead.done():
        assert time.monotonic() < deadline
        read(node, 1) if ahead is None else time.sleep(0.01)
    assert len(ahead.result().pictures) == 12


def test_live_pictures_last_longer_where_painting_is_slow(
    build: Build, self_forcing: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = build(WanT2V, mode="live", fps=240)
    paint = node._artist.stream.paint

    def slow(*size: Any, **how: Any) -> Any:
        time.sleep(0.3)
        return paint(*size, **how)

    monkeypatch.setattr(node._artist.stream, "paint", slow)
    frames = read(node, 45)
    durations = [frame.duration_ns for frame in frames]
    assert min(durations[21:]) >= 0.9 * 0.3e9 / 12
    assert max(durations) <= 3 * min(durations)
    assert all(a.pts_ns + a.duration_ns == b.pts_ns for a, b in pairwise(frames))
    assert sum("time runs slower" in line for line in said) == 1


def test_a_short_first_chunk_is_no_reason_to_complain(
    build: Build, self_forcing: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Painting is fast enough: twelve pictures in the time of eight; the first chunk has but one."""
    node = build(WanT2V, mode="live", fps=40)
    given = iter([1, 12, 12, 12])

    def paint(size: tuple[int, int], **how: Any) -> np.ndarray:
        time.sleep(0.2)
        return np.zeros((next(given), size[1], size[0], 3), np.uint8)

    monkeypatch.setattr(node._artist.stream, "paint", paint)
    frames = read(node, 30)
    assert not any("time runs slower" in line for line in said)
    assert frames[-1].duration_ns == 25_000_000


def test_a_graph_of_it_runs_on_both_clocks(self_forcing: str) -> None:
    wan = {"use": "wan.t2v", "params": {"backend": "torch-cpu", "dtype": "fp32", "prompt": "ink on paper", "fps": 8}}
    graph = {"livegraph": 1, "name": "t2v", "nodes": {"wan": wan, "keep": {"use": "test.collect", "in": "wan"}}}
    offline = run_graph(graph, mode="offline", duration_s=2.0)
    assert offline.outcome.error is None
    assert [frame.pts_ns for frame in offline.frames("keep")] == [n * 125_000_000 for n in range(16)]
    live = run_graph(graph, duration_s=2.0)
    assert live.outcome.error is None
    shown = live.frames("keep")
    assert len(shown) > 5
    assert all(a.pts_ns < b.pts_ns for a, b in pairwise(shown))
    assert live.stats["tickets"]["issued"] == live.stats["tickets"]["settled"]


def test_a_model_that_cannot_is_refused_before_it_paints_noise(folders: dict[str, Any], build: Build) -> None:
    refused = WanT2V.unavailable(WanT2V.Params(model="wan-nano"))
    assert refused is not None
    assert "wan-nano cannot paint from a prompt alone; these can: self-forcing-1.3b" in refused
    nothing = WanT2V.unavailable(WanT2V.Params())
    assert nothing is not None
    assert "livegraph models pull self-forcing-1.3b" in nothing
    with pytest.raises(InputError, match="no model is here that can paint from a prompt alone"):
        build(WanT2V)


def test_auto_takes_what_was_pulled_without_a_gpu_too(self_forcing: str, build: Build) -> None:
    assert WanT2V.unavailable(WanT2V.Params()) is None
    assert build(WanT2V)._artist.profile.name == self_forcing


def test_a_known_prompt_needs_no_encoder(build: Build, self_forcing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    once = read(build(WanT2V, prompt="ink on paper"), 9)
    monkeypatch.setattr("livegraph_wan.text.load_encoder", lambda folder: pytest.fail("it was read before"))
    again = read(build(WanT2V, prompt="ink on paper"), 9)
    assert all((a.data == b.data).all() for a, b in zip(once, again, strict=True))
