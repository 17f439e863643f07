"""syphon.in and syphon.out, up to syphon-python's boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from syphon_stand_in import BGRA, RGBA, Mac, SyphonMetalServer
from syphon_support import PLUGINS, Here, built, gradient

from livegraph import EndOfStream, Frame, NodeError
from livegraph.testing import run_graph
from livegraph_syphon import input as syphon_input
from livegraph_syphon.events import Events
from livegraph_syphon.find import matching
from livegraph_syphon.input import SyphonIn
from livegraph_syphon.output import SyphonOut


@pytest.fixture
def events(mac: Mac) -> Iterator[Events]:
    made = Events(Here())
    yield made
    made.close()


@pytest.fixture
def opened(events: Events) -> Callable[..., SyphonIn]:
    def make(said: list[str] | None = None, **params) -> SyphonIn:
        node = built(SyphonIn, said, events, **params)
        node.setup()
        return node

    return make


@pytest.mark.parametrize("kind", [BGRA, RGBA])
def test_a_picture_comes_upright_in_rgb(mac: Mac, opened, kind: int) -> None:
    program, picture = mac.offer("Resolume", "Main"), gradient()
    program.show(picture, kind)
    node = opened()
    first = node.read()
    np.testing.assert_array_equal(first.data, picture)
    assert first.captured_ns > 0 and not first.discontinuity
    assert node.read() is None, "the same picture is not given twice"
    program.show(gradient(32, 18))
    second = node.read()
    assert second.data.shape == (18, 32, 3) and second.pts_ns > first.pts_ns


def test_it_can_be_turned(mac: Mac, opened) -> None:
    mac.offer("Resolume").show(gradient())
    np.testing.assert_array_equal(opened(flip=True).read().data, gradient()[::-1])


def test_a_server_that_goes_is_looked_for(mac: Mac, opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syphon_input, "_RETRY_S", 0.0)
    said: list[str] = []
    mac.offer("Resolume", "Main").show(gradient())
    node = opened(said)
    node.read()
    mac.offered[0].there = False
    assert node.read() is None
    assert node.status() == {"server": "Resolume: Main", "connected": False}
    assert mac.clients[0].stopped
    mac.offer("VDMX")
    assert node.read() is None, "another one does not take its place"
    mac.offer("Resolume", "Main").show(gradient())
    assert node.read().discontinuity
    program = mac.offered[-1]
    program.show(gradient())
    assert not node.read().discontinuity
    assert [words.split(";")[0] for words in said] == [
        "Syphon server Resolume: Main is gone",
        "Syphon server Resolume: Main is back",
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("auto", "Resolume"),
        ("Resolume: Main", "Resolume"),
        ("Main", "Resolume"),
        ("VDMX", "VDMX"),
        ("vdmx: x", None),
    ],
)
def test_which_server_is_meant(mac: Mac, wanted: str, found: str | None) -> None:
    servers = [mac.offer("VDMX").description, mac.offer("Resolume", "Main").description]
    server = matching(wanted, servers)
    assert (server.app_name if server else None) == found


def test_one_that_is_not_there_is_answered_with_those_that_are(mac: Mac, opened) -> None:
    with pytest.raises(NodeError, match=r"^no Syphon server; no program offers one$"):
        opened()
    mac.offer("VDMX")
    mac.offer("Resolume", "Main")
    with pytest.raises(NodeError, match=r"no Syphon server 'OBS'; there are: Resolume: Main, VDMX"):
        opened(server="OBS")


def out(events: Events, **params) -> SyphonOut:
    node = built(SyphonOut, None, events, **params)
    node.setup()
    return node


def test_pictures_are_published_of_every_size(mac: Mac, events: Events) -> None:
    node = out(events, name="stage")
    (server,) = mac.servers
    assert server.name == "stage", "it is there before the first picture"
    for number, size in enumerate(((64, 48), (64, 48), (33, 17))):
        node.process(Frame(number, data=gradient(*size)))
        pixels = server.published[-1]
        np.testing.assert_array_equal(pixels[::-1, :, :3], gradient(*size))  # the lowest row first
        assert set(pixels[..., 3].flat) == {255}
    node.teardown()
    assert server.stopped
    built(SyphonOut).teardown()  # of a node that was never set up


def test_what_is_published_can_be_turned(mac: Mac, events: Events) -> None:
    out(events, flip=True).process(Frame(0, data=gradient()))
    np.testing.assert_array_equal(mac.servers[0].published[0][..., :3], gradient())


def test_from_program_to_program_in_a_run(mac: Mac) -> None:
    """The run is on the main thread, and nodes are not: only there a server is heard of."""
    mac.offer("Resolume", "Main").show(gradient())
    nodes = {
        "main": {"use": "syphon.in", "params": {"server": "Main"}},
        "out": {"use": "syphon.out", "in": "main"},
        "end": {"use": "test.collect", "in": "main", "params": {"end_after": 1}},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    np.testing.assert_array_equal(result.payloads("end")[0], gradient())
    assert mac.servers[0].stopped and mac.clients[0].stopped
    assert mac.passes > 0


def test_in_a_run_a_failing_server_is_made_anew(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    publish, process, calls = SyphonMetalServer.publish_frame_texture, SyphonOut.process, []

    def breaking(self, texture, **options) -> None:
        calls.append(self)
        if len(calls) == 3:
            raise RuntimeError("the GPU was taken away")
        publish(self, texture, **options)

    def until_it_is_back(self: SyphonOut, video: Frame) -> EndOfStream | None:
        process(self, video)
        return EndOfStream() if len(mac.servers) > 1 else None

    monkeypatch.setattr(SyphonMetalServer, "publish_frame_texture", breaking)
    monkeypatch.setattr(SyphonOut, "process", until_it_is_back)
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "fps": 60}},
        "out": {"use": "syphon.out", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "mode": "live", "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    assert [server.stopped for server in mac.servers] == [True, True]
    assert result.stats["nodes"]["out"]["restarts"] == 1
