"""ndi.out, up to cyndilib's boundary."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from cyndilib_stand_in import FourCC, Network, Sender
from ndi_support import PLUGINS, built, plain

from livegraph import EndOfStream, Frame, NodeError, Yuv420p
from livegraph.testing import run_graph
from livegraph_ndi.output import NdiOut, frame_rate


def yuv(width: int, height: int, matrix: str = "bt709") -> Yuv420p:
    values = np.random.default_rng(1)
    half = (height + 1) // 2, (width + 1) // 2
    y, u, v = (values.integers(60, 180, shape, np.uint8) for shape in ((height, width), half, half))
    return Yuv420p(y, u, v, matrix)


def node(**params) -> NdiOut:
    out = built(NdiOut, **params)
    out.setup()
    return out


def sent(ndi: Network) -> np.ndarray:
    return ndi.senders[-1].sent[-1]


def test_planes_in_bt709_go_out_as_they_are(ndi: Network) -> None:
    picture = yuv(64, 48)
    node(name="show").process(Frame(0, 0, 40_000_000, data=picture))
    (sender,) = ndi.senders
    assert (sender.frame.size, sender.frame.fourcc, sender.frame.rate) == ((64, 48), FourCC.I420, 25)
    assert sender.name == "HERE (show)" and sender.clock_video is False
    assert sent(ndi).tobytes() == picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes()


def test_padded_planes_are_packed(ndi: Network) -> None:
    wide = yuv(80, 48)
    picture = Yuv420p(wide.y[:, :64], wide.u[:, :32], wide.v[:, :32], "bt709")
    node().process(Frame(0, data=picture))
    assert sent(ndi).tobytes() == picture.y.tobytes() + picture.u.tobytes() + picture.v.tobytes()


def test_bt601_is_converted(ndi: Network) -> None:
    red = Yuv420p(*(np.full(shape, code, np.uint8) for shape, code in (((2, 2), 81), ((1, 1), 90), ((1, 1), 240))))
    node().process(Frame(0, data=red))
    assert sent(ndi)[:4].tolist() == [62] * 4


def test_rgb_goes_out_with_a_fourth_byte(ndi: Network) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (48, 64, 3), np.uint8)
    node().process(Frame(0, data=picture))
    pixels = sent(ndi).reshape(48, 64, 4)
    np.testing.assert_array_equal(pixels[..., :3], picture)
    assert set(pixels[..., 3].flat) == {255}


@pytest.mark.parametrize("picture", [yuv(65, 49), plain(65, 49)], ids=["yuv420p", "rgb24"])
def test_an_odd_edge_is_left_out(ndi: Network, picture) -> None:
    node().process(Frame(0, data=picture))
    assert ndi.senders[0].frame.size == (64, 48)


def test_another_size_or_format_is_another_sender_of_the_same_name(ndi: Network) -> None:
    out = node()
    for number, picture in enumerate((plain(64, 48), plain(64, 48), plain(32, 16), yuv(32, 16))):
        out.process(Frame(number, data=picture))
    assert [(len(one.sent), one.closed) for one in ndi.senders] == [(2, True), (1, True), (1, False)]
    assert {one.name for one in ndi.senders} == {"HERE (livegraph)"}
    out.teardown()
    assert ndi.senders[-1].closed


def test_status_tells_who_watches_and_asks_no_sender_for_it(ndi: Network) -> None:
    out = node()
    assert out.status() == {}
    out.process(Frame(0, data=plain(64, 48)))
    assert out.status() == {"name": "HERE (livegraph)", "receivers": 1}
    out.teardown()
    assert out.status() == {}


def test_a_sender_that_went_is_an_error_so_that_the_node_is_restarted(ndi: Network) -> None:
    out = node()
    out.process(Frame(0, data=plain(64, 48)))
    ndi.senders[0].running = False
    with pytest.raises(NodeError, match="not open any more"):
        out.process(Frame(1, data=plain(64, 48)))


@pytest.mark.parametrize(
    ("duration_ns", "hint", "rate"),
    [
        (33_366_667, None, Fraction(30000, 1001)),
        (16_683_333, 25.0, Fraction(60000, 1001)),
        (33_333_333, None, Fraction(30)),
        (0, 24.0, Fraction(24)),
        (0, None, Fraction(30)),
    ],
)
def test_the_rate_that_receivers_are_told(duration_ns: int, hint: float | None, rate: Fraction) -> None:
    assert frame_rate(duration_ns, hint) == rate


@pytest.mark.parametrize("use", ["yuv420p", "rgb24"])
def test_in_a_run(ndi: Network, use: str) -> None:
    """A drawn scene is rgb24; what vision makes of a converter's yuv420p stays so."""
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "frames": 5}},
        "out": {"use": "ndi.out", "in": "scene", "params": {"name": "stage"}},
    }
    if use == "yuv420p":
        nodes["scene"] = {"use": "media.file", "params": {"path": "sample://moving"}}
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS, duration_s=0.4)
    assert result.outcome.ok, result.outcome.error
    (sender,) = ndi.senders
    assert sender.frame.fourcc is (FourCC.I420 if use == "yuv420p" else FourCC.RGBX)
    assert len(sender.sent) >= 5 and sender.closed
    assert result.stats["nodes"]["out"]["frames_in"] == len(sender.sent)


def test_in_a_run_a_sender_that_went_is_made_anew(ndi: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    write, process, calls = Sender.write_video, NdiOut.process, []

    def breaking(self: Sender, data) -> bool:
        calls.append(self)
        return len(calls) != 3 and write(self, data)

    def until_it_is_back(self: NdiOut, video: Frame) -> EndOfStream | None:
        process(self, video)
        return EndOfStream() if len(ndi.senders) > 1 else None

    monkeypatch.setattr(Sender, "write_video", breaking)
    monkeypatch.setattr(NdiOut, "process", until_it_is_back)
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "fps": 60}},
        "out": {"use": "ndi.out", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "mode": "live", "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    assert [one.closed for one in ndi.senders] == [True, True]
    assert result.stats["nodes"]["out"]["restarts"] == 1
