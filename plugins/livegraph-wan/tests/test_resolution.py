"""`resolution`: fewer pixels are painted, and as many come out, while the stream goes on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from livegraph import Context, Frame
from livegraph.testing import run_graph
from livegraph_wan import frugal
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.graph import Bench
from livegraph_wan.bench.scene import moving
from livegraph_wan.frugal import FrugalStream, Means
from livegraph_wan.load import Loaded
from livegraph_wan.memory import Setting
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.model import load_nano
from livegraph_wan.nodes.v2v import WanV2V
from livegraph_wan.profile import WAN_NANO, Profile
from livegraph_wan.resize import resized
from livegraph_wan.stream import Stream
from livegraph_wan.thrift import with_size
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.wan import Wan

SIZE = (128, 96)
SCENE = moving(SIZE, 60)
WAN = {"model": "wan-nano", "backend": "torch-cpu", "dtype": "fp32"}


class NoClock:
    def now_ns(self) -> int:
        return 0


def chunk(number: int) -> Pictures:
    return SCENE[4 * number : 4 * number + 4]


def frugal_stream(model: Wan, profile: Profile = WAN_NANO, **how: Any) -> FrugalStream:
    def load(name: str) -> Loaded:
        stream = Stream(model, profile, device=torch.device("cpu"), dtype=torch.float32, **how)
        return Loaded(stream, lambda name: None)

    means = Means("ram", "torch-cpu", lambda text: None, may_step_down=True, taehv=False)
    stream = FrugalStream(load, Setting(profile, profile.vae, SIZE, 4), means)
    stream.set_prompt("light trails")
    return stream


@pytest.fixture(autouse=True)
def _any_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frugal, "room_of", lambda place: None)


def distance(one: Pictures, other: Pictures) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_share_of_the_sides_is_painted_and_what_comes_out_keeps_its_size() -> None:
    stream = frugal_stream(load_nano())
    stream.set_resolution(0.5)
    made = stream.step(chunk(0))
    assert stream.setting.painted == (64, 64)
    assert made.shape == (4, 96, 128, 3)
    small = frugal_stream(load_nano())
    assert (made == resized(small.step(resized(chunk(0), (64, 64))), SIZE)).all()


def test_all_of_it_is_as_ever() -> None:
    one, other = frugal_stream(load_nano()), frugal_stream(load_nano())
    for number in range(3):
        one.set_resolution(1.0)
        assert (one.step(chunk(number)) == other.step(chunk(number))).all()


@pytest.mark.parametrize(("before", "after"), [(1.0, 0.75), (0.75, 1.0)])
def test_the_stream_goes_on_at_another_size(before: float, after: float) -> None:
    """With the first chunk it is nearer to what would have been painted at that size all along than a stream is that
    begins there.
    """
    always, changed, begun = (frugal_stream(load_nano()) for _ in range(3))
    for stream, resolution in ((always, after), (changed, before), (begun, after)):
        stream.set_resolution(resolution)
    for number in range(8):
        always.step(chunk(number))
        changed.step(chunk(number))
    changed.set_resolution(after)
    wanted, found, new = (stream.step(chunk(8)) for stream in (always, changed, begun))
    assert distance(found, wanted) < 0.6 * distance(new, wanted)


def test_a_size_that_comes_to_the_same_tiles_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = frugal_stream(load_nano())
    stream.set_resolution(0.5)
    stream.step(chunk(0))
    monkeypatch.setattr(stream.loaded.stream, "release", lambda: pytest.fail("begun anew"))
    stream.set_resolution(0.52)
    stream.step(chunk(1))


@pytest.mark.parametrize("how", [{"batch": 3}, {"overlap": True}, {"batch": 2, "overlap": True}])
def test_pictures_that_are_held_back_come_at_their_time(how: dict[str, Any]) -> None:
    """As many as without the change, and none of them stands still."""
    stream, plain = frugal_stream(load_nano(), **how), frugal_stream(load_nano(), **how)
    plain.set_resolution(0.5)
    made, wanted = [], []
    for number in range(10):
        stream.set_resolution(0.5 if number >= 5 else 1.0)
        made.append(stream.step(chunk(number)))
        wanted.append(plain.step(chunk(number)))
    made += stream.flush()
    wanted += plain.flush()
    assert sum(map(len, made)) == sum(map(len, wanted)) == 40
    assert [len(part) for part in made[:10]] == [len(part) for part in wanted[:10]]
    ours, theirs = np.concatenate(made), np.concatenate(wanted)
    assert distance(ours[-8:], theirs[-8:]) < 1
    assert all((one != other).any() for one, other in pairwise(ours))


def test_a_vae_that_holds_pictures_back_gives_them_all() -> None:
    torch.manual_seed(4)
    profile = replace(WAN_NANO, vae="taehv", architecture=replace(WAN_NANO.architecture, in_dim=16))
    model = Wan(WanTransformer(profile.architecture), TAEHV(), load_nano().text).eval()
    stream = frugal_stream(model, profile)
    made = []
    for number in range(6):
        stream.set_resolution(0.75 if number >= 3 else 1.0)
        made.append(stream.step(chunk(number)))
    assert [len(part) for part in made] == [1, 4, 4, 4, 4, 4]
    assert sum(len(part) for part in stream.flush()) == 3


def test_a_jump_in_time_is_not_led_in() -> None:
    stream, fresh = frugal_stream(load_nano()), frugal_stream(load_nano())
    stream.step(chunk(0))
    stream.reset()
    for one in (stream, fresh):
        one.set_resolution(0.5)
    assert (stream.step(chunk(7)) == fresh.step(chunk(7))).all()


def test_the_lower_of_what_is_asked_for_and_what_memory_allows() -> None:
    setting = Setting(WAN_NANO, "nano", (256, 256), 4, scale=0.75)
    assert setting.painted == replace(setting, resolution=0.9).painted == (192, 192)
    assert replace(setting, resolution=0.5).painted == (128, 128)
    way = with_size(replace(setting, resolution=0.5))
    assert way is not None
    assert way.setting.painted == (96, 96)
    assert replace(way.setting, resolution=1.0).painted == (96, 96)


def test_the_node_follows_and_says_what_it_paints() -> None:
    node = WanV2V(WanV2V.Params(**WAN), Context("wan", "live", NoClock()))
    node.setup()
    frames = [Frame(pts_ns=n, seq=n, data=picture) for n, picture in enumerate(SCENE)]
    sizes = []
    for at, resolution in enumerate((1.0, 0.5, 0.75, 1.0)):
        node.params = node.params.model_copy(update={"resolution": resolution})
        made = node.process([frame.with_data(frame.data[:90, :100]) for frame in frames[4 * at : 4 * at + 4]])
        assert [picture.shape for picture in made] == [(90, 100, 3)] * 4
        sizes.append(node.status()["size"])
    node.teardown()
    assert sizes == [[112, 96], [64, 64], [80, 64], [112, 96]]


def test_live_it_changes_amid_the_stream_and_nothing_is_lost() -> None:
    """The scene's pictures come so slowly that only the change could lose any."""
    script = [{"wan.resolution": share} for share in (0.5, 0.75, 1.0, 0.5)]
    bench = Bench(SCENE, look=lambda picture: picture.shape[0] * 1000 + picture.shape[1], script=script, every=9)
    nodes = {
        "scene": {"use": "wanbench.scene", "params": {"fps": 8, "frames": 2000, "live": True}},
        "wan": {"use": "wan.v2v", "in": "scene", "params": WAN, "on_error": "stop"},
        "keep": {"use": "wanbench.keep", "in": "wan"},
    }
    result = run_graph({"livegraph": 1, "name": "resolution", "nodes": nodes}, plugins=[bench])
    assert result.outcome.error is None
    assert len(bench.changes) == 4
    assert set(bench.looks) == {96_128}
    late = np.diff([arrival.captured_ns for arrival in bench.arrivals])
    assert (late < 1.5e9 / 8).all(), "a picture was lost"
    assert result.stats["nodes"]["wan"]["status"]["size"] == [64, 64]


def test_offline_a_wired_resolution_loses_nothing_and_repeats_itself() -> None:
    def play() -> list[Frame]:
        swing = {"use": "core.lfo", "params": {"shape": "square", "frequency": 0.9, "low": 0.5, "high": 1.0}}
        nodes = {
            "scene": {"use": "wanbench.scene", "params": {"frames": 30}},
            "swing": swing,
            "wan": {"use": "wan.v2v", "in": "scene", "params": {**WAN, "resolution": {"from": "swing"}}},
            "keep": {"use": "test.collect", "in": "wan"},
        }
        result = run_graph({"livegraph": 1, "name": "swing", "nodes": nodes}, mode="offline", plugins=[Bench(SCENE)])
        assert result.outcome.error is None
        return result.frames("keep")

    frames = play()
    assert [frame.pts_ns for frame in frames] == [round(n * 1e9 / 30) for n in range(30)]
    assert {frame.data.shape for frame in frames} == {(96, 128, 3)}
    assert all((one.data == other.data).all() for one, other in zip(frames, play(), strict=True))
