"""wan.v2v as the runtime sees it, with the weights that ship."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fault_support import Scarce

from livegraph import Context, DeviceMemoryError, Frame, InputError, ModelError
from livegraph_wan.artist import dominated
from livegraph_wan.nodes.v2v import WanV2V, padded
from livegraph_wan.profile import PROFILES


class NoClock:
    def now_ns(self) -> int:
        return 0


def context() -> Context:
    return Context("wan", "offline", NoClock())


def frames(count: int = 4, height: int = 64, width: int = 64) -> list[Frame]:
    pictures = np.random.default_rng(1).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    picture = pictures.repeat(16, axis=0).repeat(16, axis=1)
    return [Frame(pts_ns=i * 40_000_000, seq=i, data=picture) for i in range(count)]


@pytest.fixture
def node() -> Iterator[WanV2V]:
    made = WanV2V(WanV2V.Params(backend="torch-cpu"), context())
    made.setup()
    yield made
    made.teardown()


def test_four_pictures_come_back(node: WanV2V) -> None:
    given = frames()
    painted = node.process(given)
    assert [picture.shape for picture in painted] == [(64, 64, 3)] * 4
    assert {picture.dtype for picture in painted} == {np.dtype(np.uint8)}
    assert (painted[0] != given[0].data).any()


def test_it_says_what_runs(node: WanV2V) -> None:
    cold = node.status()
    assert (cold["model"], cold["backend"], cold["warm"]) == ("wan-nano", "torch-cpu", False)
    node.warm_up()
    node.process(frames(height=64, width=96))
    warm = node.status()
    assert warm == {**cold, "warm": True, "vae": "nano", "window": 3, "size": [96, 64], "steps": 1}


def test_a_new_prompt_holds_from_the_next_chunk(node: WanV2V) -> None:
    node.process(frames())
    before = node.process(frames())[0]
    node.params = node.params.model_copy(update={"prompt": "black ink on white paper"})
    after = node.process(frames())[0]
    assert np.ptp(after.astype(int), axis=2).mean() < 0.5 * np.ptp(before.astype(int), axis=2).mean()


def test_a_prompt_that_stays_is_not_read_again(node: WanV2V, monkeypatch: pytest.MonkeyPatch) -> None:
    node.process(frames())
    monkeypatch.setattr(node._artist.stream, "set_prompt", lambda *given, **how: pytest.fail("read again"))
    node.process(frames())


def test_reset_forgets_the_pictures(node: WanV2V) -> None:
    first = node.process(frames())[3]
    dark = [frame.with_data(frame.data // 4) for frame in frames()]
    node.process(dark)
    node.reset()
    assert (node.process(frames())[3] == first).all()


def test_sizes_between_multiples_of_16_are_filled_up_and_cut_again(node: WanV2V) -> None:
    painted = node.process([f.with_data(f.data[:50, :40]) for f in frames()])
    assert painted[0].shape == (50, 40, 3)
    wide = padded(np.arange(2 * 3, dtype=np.uint8).reshape(1, 2, 3, 1))
    assert wide.shape == (1, 16, 16, 1)
    assert wide[0, 15, 15] == 5


@pytest.mark.parametrize(
    ("params", "take", "delay", "size"),
    [
        ({"model": "wan-nano"}, 4, 0, (256, 256)),
        ({"model": "wan-nano", "stream_batch": True, "steps": 3}, 4, 8, (256, 256)),
        ({"model": "self-forcing-1.3b", "vae": "wan"}, 12, 0, (832, 480)),
        ({"model": "streamdiffusionv2-1.3b", "vae": "taehv"}, 4, 3, (832, 480)),
        ({"model": "streamdiffusionv2-1.3b", "vae": "taehv", "stream_batch": True}, 4, 7, (832, 480)),
    ],
)
def test_the_chunk_and_the_size_are_declared(
    params: dict, take: int, delay: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegraph_wan.choice.has_gpu", lambda: False)
    asked = WanV2V.Params(**params)
    cadence = WanV2V.cadence_for(asked)
    assert (cadence.take, cadence.give, cadence.delay) == (take, take, delay)
    assert WanV2V.preferred_size(asked) == size


@pytest.mark.parametrize(
    ("params", "chunks"),
    [
        ({"model": "streamdiffusionv2-1.3b"}, 1),
        ({"model": "streamdiffusionv2-1.3b", "overlap": False}, 0),
        ({"model": "streamdiffusionv2-1.3b", "topology": "distributed"}, 0),
        ({"model": "wan-nano"}, 0),
        ({"model": "wan-nano", "overlap": True}, 1),
    ],
)
def test_what_an_overlap_delays_is_planned(params: dict, chunks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegraph_wan.choice.has_gpu", lambda: True)
    plain = WanV2V.cadence_for(WanV2V.Params(**{**params, "overlap": False}))
    assert WanV2V.cadence_for(WanV2V.Params(**params)).delay == plain.delay + 4 * chunks


def test_a_device_that_is_not_there_is_named() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="backend torch-cuda does not work here: torch-cuda: torch"):
        WanV2V(WanV2V.Params(backend="torch-cuda"), context()).setup()


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(tmp_path))
    with pytest.raises(ModelError, match=r"livegraph models pull self-forcing-1\.3b"):
        WanV2V(WanV2V.Params(model="self-forcing-1.3b", backend="torch-cpu"), context()).setup()
    with pytest.raises(InputError, match=r"no model 'self-forcing': there are auto, wan-nano"):
        WanV2V(WanV2V.Params(model="self-forcing"), context()).setup()


def test_dominance_is_strength_and_steps_as_one(node: WanV2V) -> None:
    strengths = []
    for dominance in (0.0, 0.5, 1.0):
        node.params = node.params.model_copy(update={"prompt_dominance": dominance})
        strengths.append(node._strength)
    assert strengths == [(0.2, 1), (pytest.approx(0.575), 1), (0.95, 1)]
    assert dominated(PROFILES["streamdiffusionv2-1.3b"], 0.5) == (pytest.approx(0.575), 2)
    assert dominated(PROFILES["self-forcing-1.3b"], 1.0) == (0.95, 4)


def test_the_whole_prompt_shows_at_once_or_over_time(node: WanV2V) -> None:
    still = [frames()[0]] * 4

    def greyness(prompt: str, transition: float, chunks: int) -> list[float]:
        node.reset()
        node.params = node.params.model_copy(update={"prompt": "an oil painting", "transition": 0.0})
        node.process(still)
        node.params = node.params.model_copy(update={"prompt": prompt, "transition": transition})
        return [float(np.ptp(node.process(still)[3].astype(int), axis=2).mean()) for _ in range(chunks)]

    at_once = greyness("black ink on white paper", 0.0, 1)
    slowly = greyness("black ink on white paper", 1.0, 9)  # 30 frames: seven or eight chunks
    assert at_once[0] < 0.5 * slowly[0]
    assert slowly[-1] < 1.5 * at_once[0] + 1


def test_a_slow_prompt_is_read_beside_the_stream(node: WanV2V, monkeypatch: pytest.MonkeyPatch) -> None:
    node.process(frames())
    node.ctx.mode = "live"
    known: set[str] = set()
    go = threading.Event()
    stream = node._artist.stream
    monkeypatch.setattr(stream, "knows", lambda text: text in known)
    monkeypatch.setattr(stream, "learn", lambda text: go.wait(10) and known.add(text))

    def colour() -> float:
        return float(np.ptp(node.process(frames())[3].astype(int), axis=2).mean())

    before = colour()
    node.params = node.params.model_copy(update={"prompt": "black ink on white paper"})
    assert colour() > 0.8 * before, "the stream goes on under the prompt before"
    go.set()
    for _ in range(200):
        if known:
            break
        time.sleep(0.01)
    node.process(frames())
    assert colour() < 0.5 * before


def test_weights_that_add_up_to_nothing_are_an_input_error(node: WanV2V) -> None:
    node.params = node.params.model_copy(update={"prompt": "ink: 0 | neon: 0"})
    with pytest.raises(InputError, match="add up to 0"):
        node.process(frames())


def test_warm_up_leaves_no_trace(node: WanV2V) -> None:
    fresh = node.process(frames())[0]
    node.reset()
    node.warm_up()
    assert (node.process(frames())[0] == fresh).all()


def play(params: dict[str, object], chunks: int = 4) -> tuple[list[int], np.ndarray]:
    """How many pictures each call gives, and all of them."""
    node = WanV2V(WanV2V.Params(backend="torch-cpu", dtype="fp32", **params), context())
    node.setup()
    node.warm_up()
    rng = np.random.default_rng(3)
    clip = rng.integers(0, 256, (4 * chunks, 64, 64, 3), dtype=np.uint8)
    given = [Frame(pts_ns=n * 40_000_000, seq=n, data=picture) for n, picture in enumerate(clip)]
    parts = [node.process(given[at : at + 4]) for at in range(0, len(given), 4)]
    parts.append(node.flush())
    node.teardown()
    return [len(part) for part in parts], np.stack([picture for part in parts for picture in part])


def test_overlapped_stages_come_a_chunk_later_and_that_is_declared() -> None:
    (at_once, expected), (later, made) = play({}), play({"overlap": True})
    assert at_once == [4, 4, 4, 4, 0]
    assert later == [0, 4, 4, 4, 4]
    assert np.array_equal(made, expected)


def test_threads_are_followed_live_and_left_alone_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = []
    monkeypatch.setattr("livegraph_wan.device.Threads.took", lambda self, seconds, kind: followed.append(kind))
    for mode in ("offline", "live"):
        node = WanV2V(WanV2V.Params(backend="torch-cpu"), Context("wan", mode, NoClock()))
        node.setup()
        node.warm_up()
        node.process(frames())
        node.teardown()
    assert followed == [(1, (64, 64))]


def test_memory_that_runs_out_amid_a_show_is_said_and_survived(node: WanV2V, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("livegraph_wan.frugal.room_of", lambda place: None)
    stream = node._artist.stream
    monkeypatch.setattr(stream, "_means", replace(stream._means, say=said.append))
    node.process(frames())
    with Scarce(fails=200):
        painted = node.process(frames())
    assert [picture.shape for picture in painted] == [(64, 64, 3)] * 4
    assert "going on with a window of 2 instead of 3 latent frames" in said[0]
    assert len(node.process(frames())) == 4


def test_a_window_that_leaves_no_whole_block_is_refused() -> None:
    params = WanV2V.Params(model="streamdiffusionv2-1.3b", window=3, backend="torch-cpu")
    with pytest.raises(InputError, match=r"streamdiffusionv2-1\.3b: window 3 and sink 3"):
        WanV2V(params, context()).setup()


@pytest.mark.parametrize(
    ("model", "vae", "told"),
    [
        ("wan-nano", "taehv", "taehv does not work with wan-nano; here: auto, nano (models for taehv: stream"),
        ("wan-nano", "wan", "wan does not work with wan-nano; here: auto, nano (models for wan: stream"),
        ("self-forcing-1.3b", "nano", "nano does not work with self-forcing-1.3b; here: auto, taehv, wan"),
    ],
)
def test_a_vae_that_the_model_does_not_know_is_refused(model: str, vae: str, told: str) -> None:
    """When the graph is checked, and where it is turned while the graph runs."""
    params = WanV2V.Params(model=model, vae=vae, backend="torch-cpu")
    refused = WanV2V.unavailable(params)
    assert refused is not None
    assert refused.startswith(f"vae: {told}")
    assert not WanV2V.memory_for(params, None)
    with pytest.raises(InputError, match=rf"^vae: {vae} does not work with {model}"):
        WanV2V(params, context()).setup()


def test_the_vae_that_a_model_brings_may_be_said() -> None:
    assert WanV2V.unavailable(WanV2V.Params(model="wan-nano", vae="nano")) is None
    assert WanV2V.unavailable(WanV2V.Params(model="self-forcing-1.3b", vae="wan")) is None


def test_a_prompt_that_finds_no_memory_leaves_the_one_before(node: WanV2V, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(node._artist, "_ctx", replace(context(), mode="live", say=said.append))
    stream = node._artist.stream

    def learn(text: str) -> None:
        raise DeviceMemoryError("the text encoder does not fit")

    monkeypatch.setattr(stream, "knows", lambda text: False)
    monkeypatch.setattr(stream, "learn", learn)
    node.params = node.params.model_copy(update={"prompt": "something else"})
    for _ in range(50):
        assert len(node.process(frames())) == 4
        if said:
            break
        time.sleep(0.01)
    assert said == ["the text encoder does not fit; the prompt before stays"]
    node.process(frames())
    assert len(said) == 1


FIRST_CHUNK = """
import sys

import numpy as np

from livegraph import Context, Frame
from livegraph_wan.nodes.v2v import WanV2V


class Clock:
    def now_ns(self) -> int:
        return 0


node = WanV2V(WanV2V.Params(model="wan-nano", backend="torch-cpu"), Context("wan", "live", Clock()))
node.setup()
node.warm_up()
before = set(sys.modules)
node.process([Frame(pts_ns=n, seq=n, data=np.zeros((256, 256, 3), np.uint8)) for n in range(4)])
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_chunk_imports_nothing() -> None:
    """torch's compiler alone takes a second to import; what is needed is needed before the show."""
    done = subprocess.run([sys.executable, "-c", FIRST_CHUNK], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
