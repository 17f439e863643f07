"""ndi.in, up to cyndilib's boundary."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from cyndilib_stand_in import Network, RecvBandwidth, RecvColorFormat
from ndi_support import PLUGINS, built, plain

from livegraph import Frame, NodeError
from livegraph.testing import run_graph
from livegraph_ndi import find
from livegraph_ndi.input import NdiIn


@pytest.fixture
def opened(ndi: Network, monkeypatch: pytest.MonkeyPatch) -> Callable[..., NdiIn]:
    """`opened(said, **params)`: a node that was set up; looks for a source for 0.1 s."""
    monkeypatch.setattr(find, "FIND_S", 0.1)

    def make(said: list[str] | None = None, **params) -> NdiIn:
        node = built(NdiIn, said, **params)
        node.setup()
        return node

    return make


def test_a_picture_is_a_copy_without_padding_and_fourth_byte(ndi: Network, opened) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    camera = ndi.announce("STAGE (camera)")
    camera.show(picture)
    node = opened()
    first = node.read()
    assert isinstance(first, Frame)
    np.testing.assert_array_equal(first.data, picture)
    assert first.duration_ns == 33_366_667
    assert first.captured_ns > 0 and not first.discontinuity
    assert node.read() is None, "the same picture is not given twice"
    camera.show(255 - picture)
    second = node.read()
    np.testing.assert_array_equal(second.data, 255 - picture)
    np.testing.assert_array_equal(first.data, picture)
    assert second.pts_ns > first.pts_ns


def test_what_the_receiver_is_asked_for(ndi: Network, opened) -> None:
    ndi.announce("STAGE (camera)")
    opened()
    opened(bandwidth="lowest")
    full, preview = ndi.receivers
    assert (full.color_format, full.bandwidth) == (RecvColorFormat.RGBX_RGBA, RecvBandwidth.highest)
    assert preview.bandwidth == RecvBandwidth.lowest


def test_a_size_that_changes_is_followed(ndi: Network, opened) -> None:
    camera = ndi.announce("STAGE (camera)")
    node = opened()
    for size in ((64, 48), (32, 18)):
        camera.show(plain(*size))
        assert node.read().data.shape == (size[1], size[0], 3)


def test_before_the_first_picture_there_is_nothing(ndi: Network, opened) -> None:
    ndi.announce("STAGE (camera)")
    said: list[str] = []
    assert opened(said).read() is None
    assert said == []


def test_a_source_that_goes_and_returns_is_said_and_marked(ndi: Network, opened) -> None:
    camera, said = ndi.announce("STAGE (camera)"), []
    camera.show(plain(64, 48))
    node = opened(said)
    node.read()
    camera.there = False
    assert node.read() is None and node.read() is None
    assert node.status() == {"source": "STAGE (camera)", "connected": False}
    camera.there = True
    camera.show(plain(64, 48))
    assert node.read().discontinuity
    assert node.status()["connected"]
    assert len(said) == 2
    assert "STAGE (camera) is gone" in said[0] and "is back" in said[1]


NAMES = ["STAGE (camera)", "STAGE (Slides)", "BOOTH (mix)"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("auto", "BOOTH (mix)"),
        ("STAGE (camera)", "STAGE (camera)"),
        ("stage (CAMERA)", "STAGE (camera)"),
        ("slides", "STAGE (Slides)"),
        ("lides", None),
        ("STAGE", None),
    ],
)
def test_which_source_is_meant(wanted: str, found: str | None) -> None:
    assert find.matching(wanted, NAMES) == found


def test_one_that_is_not_there_is_answered_with_those_that_are(ndi: Network, opened) -> None:
    for name in NAMES:
        ndi.announce(name)
    there = r"BOOTH \(mix\), STAGE \(Slides\), STAGE \(camera\)"
    with pytest.raises(NodeError, match=rf"no NDI source 'screen' within 0.1 s; there are: {there}"):
        opened(source="screen")


def test_an_empty_network_is_called_so(opened) -> None:
    with pytest.raises(NodeError, match=r"no NDI source within 0.1 s; there is none in this network"):
        opened()


def test_teardown_disconnects(ndi: Network, opened) -> None:
    ndi.announce("STAGE (camera)")
    node = opened()
    node.teardown()
    assert ndi.receivers[0].source is None
    built(NdiIn).teardown()  # of a node that was never set up


def test_in_a_run(ndi: Network) -> None:
    camera = ndi.announce("STAGE (camera)")
    camera.show(plain(64, 48))
    nodes = {
        "stage": {"use": "ndi.in", "params": {"source": "camera"}},
        "end": {"use": "test.collect", "in": "stage", "params": {"end_after": 1}},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    assert result.stats["mode"] == "live"
    (picture,) = result.payloads("end")
    np.testing.assert_array_equal(picture, camera.picture)
    assert ndi.receivers[0].source is None
