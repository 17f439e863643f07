"""Stages that overlap: the same pictures, a chunk later."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from livegraph_wan.engine import Engine
from livegraph_wan.stages import STAGES, InTurn, Threads
from livegraph_wan.stream import Stream

from .models import ADAPTIVE, PROFILE, make_model, show

CPU = torch.device("cpu")


def stream_of(*, vae: str = "nano", profile=PROFILE, **options) -> Stream:
    return Stream(make_model(vae), profile, device=CPU, dtype=torch.float32, **options)


@pytest.mark.parametrize("vae", ["nano", "taehv"])
@pytest.mark.parametrize("batch", [0, 2])
def test_overlapped_stages_give_the_same_pictures(vae: str, batch: int) -> None:
    plain, overlapped = (stream_of(vae=vae, profile=ADAPTIVE, batch=batch, overlap=on) for on in (False, True))
    expected = show(plain)
    assert len(expected) == 48
    assert np.array_equal(show(overlapped), expected)
    assert overlapped.delay == plain.delay + 4


def test_what_is_on_the_line_is_forgotten_with_the_stream() -> None:
    stream = stream_of(overlap=True)
    stream.set_prompt("oil")
    clip = np.random.default_rng(2).integers(0, 256, (3, 4, 32, 48, 3), dtype=np.uint8)
    first = [stream.step(clip[0]), stream.step(clip[1])]
    assert [len(part) for part in first] == [0, 4]
    stream.reset()
    assert not list(stream.flush())
    again = [stream.step(clip[0]), stream.step(clip[1])]
    assert len(again[0]) == 0
    assert np.array_equal(again[1], first[1])


def test_painting_ahead_gives_whole_chunks_and_the_same_ones() -> None:
    made = []
    for overlap in (False, True):
        stream = stream_of(overlap=overlap)
        stream.set_prompt("oil")
        stream.begin_from(np.full((32, 48, 3), 90, np.uint8))
        made.append(np.concatenate([stream.paint((48, 32)) for _ in range(5)]))
    assert np.array_equal(*made)


def test_stages_run_beside_each_other_each_in_order() -> None:
    line, together, ran = Threads(Nothing, Nothing), threading.Barrier(3, timeout=10), []
    for number in range(3):
        for stage in ("encode", "denoise", "draw"):
            line.put(stage, lambda stage=stage, number=number: (together.wait(), ran.append((stage, number))))
    line.join()
    assert all([n for s, n in ran if s == stage] == [0, 1, 2] for stage in ("encode", "denoise", "draw"))
    assert not together.broken


class Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("line", [InTurn(), Threads(Nothing, Nothing)], ids=["in turn", "threads"])
def test_a_stage_passes_on_what_it_made(line) -> None:
    first = line.put("encode", lambda: 2)
    assert line.put("denoise", lambda: first.get() + 1).get() == 3


def test_an_error_comes_to_whoever_asks_for_the_pictures() -> None:
    stream = stream_of(overlap=True)
    stream.set_prompt("oil")
    stream._backend.encode = fail
    stream.step(np.zeros((4, 32, 48, 3), np.uint8))
    with pytest.raises(ZeroDivisionError):
        stream.step(np.zeros((4, 32, 48, 3), np.uint8))
    del stream._backend.encode
    stream.reset()
    assert len(show(stream, chunks=3)) == 12


def fail(frames, state):
    raise ZeroDivisionError


def test_another_size_begins_a_line_of_its_own() -> None:
    stream = stream_of(profile=replace(PROFILE, noise="fixed"), overlap=True)
    stream.set_prompt("oil")
    stream.step(np.zeros((4, 32, 48, 3), np.uint8))
    assert stream.step(np.zeros((4, 48, 48, 3), np.uint8)).shape == (0, 48, 48, 3)
    assert stream.step(np.zeros((4, 48, 48, 3), np.uint8)).shape == (4, 48, 48, 3)
    assert isinstance(stream, Engine)


def test_stages_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegraph_wan.device.THREADS", 4)
    line = stream_of(overlap=True)._line
    assert [line.put(stage, torch.get_num_threads).get() for stage in STAGES] == [2, 2, 2]
    assert torch.get_num_threads() == 1
