"""Followers as processes of their own: what they compute, and how they end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from livegraph import InputError, NodeError
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import ScriptedPlugin, run_graph
from livegraph_wan import crew as crews
from livegraph_wan.crew import Crew, Shared, load_shared, ranks_for
from livegraph_wan.load import Loaded, Wanted, load
from livegraph_wan.parallel import Word
from livegraph_wan.profile import WAN_NANO

NANO = Wanted(WAN_NANO, dtype="fp32")


def clip(seed: int, height: int = 32, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (4, height, width, 3), dtype=np.uint8)


def is_there(process: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked after does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds: float, processes: list[int]) -> bool:
    until = time.monotonic() + seconds
    while any(map(is_there, processes)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(is_there, processes))


def children() -> list[int]:
    """This process's followers."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"livegraph_wan.follower" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    """One that also changes what a prompt's keys and values are, and a parameter that is no linear layer's."""
    generator = torch.Generator().manual_seed(3)
    weights = {"blocks.1.diff_m": torch.randn(1, 6, 192, generator=generator)}
    for layer in ("blocks.0.self_attn.q", "blocks.2.cross_attn.k"):
        weights[f"{layer}.lora_down.weight"] = torch.randn(2, 192, generator=generator) * 0.1
        weights[f"{layer}.lora_up.weight"] = torch.randn(192, 2, generator=generator) * 0.1
    save_file(weights, tmp_path / "style.safetensors")
    return tmp_path / "style.safetensors"


@pytest.fixture
def shared() -> Iterator[Shared]:
    loaded = load_shared(NANO, "torch-cpu", 2)
    assert isinstance(loaded, Shared)
    yield loaded
    loaded.close()


def play(loaded: Loaded, lora: Path) -> list[Tensor]:
    """Latents of a stream in which all changes that may change while it runs."""
    stream, made = loaded.stream, []
    decode = stream._backend.decode
    stream._backend.decode = lambda latents, state: (made.append(latents.clone()), decode(latents, state))[1]
    stream.set_prompt("ink on paper")
    stream.step(clip(1))
    stream.step(clip(2), steps=3, seed=5)
    stream.set_prompt("neon lights: 2 | gold", chunks=2)
    stream.step(clip(3), noise_scale=0.4)
    loaded.set_loras({lora: 0.7})
    stream.step(clip(4))
    stream.set_prompt("thermal")
    stream.step(clip(5))
    stream.reset()
    stream.step(clip(6, 48, 32))
    stream.step(clip(7, 48, 32))
    return made


def test_two_processes_equal_one(lora: Path) -> None:
    wanted = replace(NANO, loras={lora: 0.0})
    alone = play(load(wanted, "torch-cpu"), lora)
    shared = load_shared(wanted, "torch-cpu", 2)
    try:
        together = play(shared, lora)
    finally:
        shared.close()
    assert len(together) == len(alone) == 7
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@needs_proc
def test_a_follower_that_dies_is_told_and_leaves_nobody_behind() -> None:
    loaded = load_shared(NANO, "torch-cpu", 3)
    followers = children()
    assert len(followers) == 2
    try:
        loaded.stream.set_prompt("ink")
        with pytest.raises(InputError, match="16 tokens, which 3 processes cannot share evenly"):
            loaded.stream.step(clip(1, 64, 64))
        loaded.stream.step(clip(1, 48, 64))
        os.kill(followers[0], signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(NodeError, match=r"process \d of 3 \(torch-cpu\) ended \(signal 9\)"):
            loaded.stream.step(clip(2, 48, 64))
        assert time.monotonic() - began < 10
        assert gone_within(5, followers)
        loaded.stream.reset()
        with pytest.raises(NodeError, match="let go after an error"):
            loaded.stream.step(clip(3, 48, 64))
    finally:
        loaded.close()


def test_what_fails_in_the_leader_lets_the_followers_go(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = shared.stream
    stream.set_prompt("ink")
    stream.step(clip(1))
    followers = [mate.process for mate in shared._crew._mates]
    monkeypatch.setattr(stream._session.denoiser._denoiser, "step", lambda block, prompt: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stream.step(clip(2))
    assert [process.poll() for process in followers] == [0]


def test_a_follower_that_hangs_is_given_up(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection lives, so that only time tells."""
    shared.stream.set_prompt("ink")
    shared.stream.step(clip(1))
    (mate,) = shared._crew._mates
    shared._crew.ring._group.set_timeout(crews.timedelta(seconds=1))
    monkeypatch.setattr(crews, "ENDING_S", 0.2)
    monkeypatch.setattr(crews, "DYING_S", 0.2)
    os.kill(mate.process.pid, signal.SIGSTOP)
    with pytest.raises(NodeError, match="does not answer"):
        shared.stream.step(clip(2))
    assert mate.process.poll() == -signal.SIGKILL


def test_what_keeps_a_follower_from_loading_is_told() -> None:
    crew = Crew(replace(NANO, loras={Path("/nowhere/style.safetensors"): 1.0}), "torch-cpu", 2)
    try:
        with pytest.raises(NodeError, match=r"process 2 of 2 \(torch-cpu\) ended \(exit code 1\): .*nowhere/style"):
            crew.join()
    finally:
        crew.close()


def test_one_that_dies_before_they_have_met_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = crews.Mate.await_ready

    def ready_and_dead(mate: crews.Mate) -> None:
        ready(mate)
        mate.process.kill()

    monkeypatch.setattr(crews.Mate, "await_ready", ready_and_dead)
    monkeypatch.setattr(crews, "MEETING", crews.timedelta(seconds=1))
    with pytest.raises(NodeError, match=r"process 2 of 2 \(torch-cpu\) ended \(signal 9\)"):
        load_shared(NANO, "torch-cpu", 2)


def test_nobody_waits_for_one_that_still_loads() -> None:
    crew = Crew(NANO, "torch-cpu", 2)
    try:
        crew._mates[0].await_ready()
        time.sleep(0.5)
        assert not Path(crew._store).exists(), "it looks for others, and would give them up in a while"
        assert crew._mates[0].process.poll() is None
    finally:
        crew.close()


@needs_proc
def test_a_set_up_that_fails_leaves_nobody_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "load", lambda *given: pytest.fail("no model"))
    with pytest.raises(pytest.fail.Exception):
        load_shared(NANO, "torch-cpu", 2)
    assert not children()


LEADER = """
import sys
from livegraph_wan.crew import load_shared
from livegraph_wan.load import Wanted
from livegraph_wan.profile import WAN_NANO
loaded = load_shared(Wanted(WAN_NANO, dtype="fp32"), "torch-cpu", 2)
loaded.stream.set_prompt("ink")
print(*[mate.process.pid for mate in loaded._crew._mates], flush=True)
sys.stdin.read()
"""


@needs_proc
def test_followers_die_with_a_leader_that_is_killed() -> None:
    leader = subprocess.Popen([sys.executable, "-c", LEADER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert leader.stdin is not None
    assert leader.stdout is not None
    followers = [int(number) for number in leader.stdout.readline().split()]
    assert len(followers) == 1
    assert all(map(is_there, followers))
    leader.kill()
    leader.wait()
    leader.stdin.close()
    leader.stdout.close()
    assert gone_within(5, followers)


def test_how_many_processes() -> None:
    assert ranks_for("torch-cpu", 2) == 2
    assert ranks_for("torch-cpu", 0) == 1
    for backend in ("mlx", "torch-mps"):
        with pytest.raises(InputError, match=f"torch-cuda and torch-cpu, not with {backend}"):
            ranks_for(backend, 2)


@pytest.mark.parametrize(("there", "told"), [(1, "there is 1 GPU here"), (2, "there are 2 GPUs here")])
def test_more_processes_than_gpus(monkeypatch: pytest.MonkeyPatch, there: int, told: str) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    monkeypatch.setattr(torch.distributed, "is_nccl_available", lambda: True)
    assert ranks_for("torch-cuda", 0) == there
    with pytest.raises(InputError, match=f"world_size 4: {told}"):
        ranks_for("torch-cuda", 4)
    monkeypatch.setattr(torch.distributed, "is_nccl_available", lambda: False)
    with pytest.raises(InputError, match="built without it"):
        ranks_for("torch-cuda", 0)


def graph(mode: str, **params: object) -> dict[str, object]:
    """A test pattern through wan.v2v."""
    wan = {"model": "wan-nano", "backend": "torch-cpu", "dtype": "fp32", "prompt": "ink on paper", **params}
    nodes = {
        "pattern": {"use": "media.pattern", "params": {"size": "64x64", "fps": 20}},
        "wan": {"use": "wan.v2v", "in": "pattern", "params": wan},
        "kept": {"use": "test.collect", "in": "wan"},
    }
    return {"livegraph": 1, "name": "crew", "mode": mode, "nodes": nodes}


@needs_proc
def test_the_node_starts_its_followers_and_ends_them() -> None:
    alone = run_graph(graph("offline"), duration_s=0.8)
    shared = run_graph(graph("offline", topology="distributed", world_size=2), duration_s=0.8)
    assert alone.outcome.ok
    assert shared.outcome.ok, shared.outcome.error
    pictures = [np.stack(result.payloads("kept")).astype(int) for result in (alone, shared)]
    assert pictures[0].shape == (16, 64, 64, 3)
    assert abs(pictures[0] - pictures[1]).max() <= 1
    assert not children()


@needs_proc
def test_the_show_goes_on_after_a_follower_died(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Word] = []
    tell = Crew.tell

    def tell_and_lose_one(crew: Crew, word: Word) -> None:
        told.append(word)
        if len(told) == 20:  # after warming
            os.kill(crew._mates[0].process.pid, signal.SIGKILL)
        tell(crew, word)

    monkeypatch.setattr(Crew, "tell", tell_and_lose_one)
    registry = Registry()
    registry.add(ScriptedPlugin(), "test")
    said: list[str] = []
    run = Run(plan_graph(graph("live", topology="distributed", world_size=2), registry=registry), say=said.append)

    def look(stats: dict[str, object]) -> None:
        if "wan: works again" in said:
            run.host.loop.call_soon_threadsafe(run.stop)

    outcome = run.execute(60.0, look)
    assert "node wan: process 2 of 2 (torch-cpu) ended (signal 9): it said nothing" in said
    assert outcome.stats["duration_s"] < 50, said
    assert outcome.stats["nodes"]["wan"]["restarts"] == 1
    assert not children()
