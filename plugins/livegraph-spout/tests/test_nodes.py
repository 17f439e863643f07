"""spout.in and spout.out, up to SpoutGL's boundary."""

from __future__ import annotations

import numpy as np
import pytest
from spout_support import PLUGINS, built, gradient
from spoutgl_stand_in import SpoutSender, Windows

from livegraph import EndOfStream, Frame, NodeError
from livegraph.testing import run_graph
from livegraph_spout.input import SpoutIn
from livegraph_spout.output import SpoutOut


def opened(said: list[str] | None = None, **params) -> SpoutIn:
    node = built(SpoutIn, said, **params)
    node.setup()
    return node


def test_a_picture_is_a_copy_without_alpha(windows: Windows) -> None:
    program = windows.offer("Resolume")
    program.show(gradient())
    node = opened()
    first = node.read()
    np.testing.assert_array_equal(first.data, gradient())
    assert first.captured_ns > 0 and not first.discontinuity
    assert node.read() is None, "the same picture is not given twice"
    program.show(255 - gradient())
    second = node.read()
    np.testing.assert_array_equal(first.data, gradient())
    assert second.pts_ns > first.pts_ns


def test_a_size_that_changes_is_followed(windows: Windows) -> None:
    program = windows.offer("Resolume")
    program.show(gradient(33, 17))
    node = opened()
    for size in ((33, 17), (64, 48), (8, 6)):
        program.show(gradient(*size))
        np.testing.assert_array_equal(node.read().data, gradient(*size))


def test_it_can_be_turned(windows: Windows) -> None:
    windows.offer("Resolume").show(gradient())
    np.testing.assert_array_equal(opened(flip=True).read().data, gradient()[::-1])


def test_a_sender_that_goes_is_waited_for(windows: Windows) -> None:
    program, said = windows.offer("Resolume"), []
    program.show(gradient())
    node = opened(said)
    node.read()
    program.there = False
    assert node.read() is None and node.read() is None
    assert node.status() == {"sender": "Resolume", "connected": False}
    program.there = True
    program.show(gradient())
    assert node.read().discontinuity
    assert [words.split(";")[0] for words in said] == ["Spout sender Resolume is gone", "Spout sender Resolume is back"]


def test_the_first_by_name_or_the_named_one(windows: Windows) -> None:
    for name in ("b", "a"):
        windows.offer(name)
    for wanted in ("auto", "b"):
        opened(sender=wanted)
    assert [receiver.name for receiver in windows.receivers] == ["a", "b"]


def test_one_that_is_not_there_is_answered_with_those_that_are(windows: Windows) -> None:
    with pytest.raises(NodeError, match=r"^no Spout sender; no program offers one$"):
        opened()
    for name in ("b", "a"):
        windows.offer(name)
    node = built(SpoutIn, sender="c")
    with pytest.raises(NodeError, match=r"^no Spout sender 'c'; there are: a, b$"):
        node.setup()
    node.teardown()
    assert windows.receivers[-1].closed


def out(**params) -> SpoutOut:
    node = built(SpoutOut, **params)
    node.setup()
    return node


def test_pictures_of_every_size_are_sent(windows: Windows) -> None:
    node = out(name="stage")
    (sender,) = windows.senders
    assert sender.name == "stage"
    for number, size in enumerate(((64, 48), (64, 48), (33, 17))):
        node.process(Frame(number, data=gradient(*size)))
        np.testing.assert_array_equal(sender.sent[-1][..., :3], gradient(*size))
        assert set(sender.sent[-1][..., 3].flat) == {255}
    node.teardown()
    assert sender.closed
    built(SpoutOut).teardown()  # of a node that was never set up


def test_what_is_sent_can_be_turned(windows: Windows) -> None:
    out(flip=True).process(Frame(0, data=gradient()))
    np.testing.assert_array_equal(windows.senders[0].sent[0][..., :3], gradient()[::-1])


@pytest.mark.parametrize("node", [SpoutIn, SpoutOut])
def test_a_machine_without_opengl_is_called_so(windows: Windows, node: type) -> None:
    windows.has_opengl = False
    with pytest.raises(NodeError, match="Spout found no OpenGL"):
        built(node).setup()


def test_from_program_to_program_in_a_run(windows: Windows) -> None:
    """The stand-in's contexts belong to threads, as OpenGL's: all calls of a node come on one."""
    windows.offer("Resolume").show(gradient())
    nodes = {
        "main": {"use": "spout.in"},
        "out": {"use": "spout.out", "in": "main"},
        "end": {"use": "test.collect", "in": "main", "params": {"end_after": 1}},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    np.testing.assert_array_equal(result.payloads("end")[0], gradient())
    assert windows.senders[0].closed and windows.receivers[0].closed


def test_in_a_run_a_sender_that_fails_is_made_anew(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    send, process, calls = SpoutSender.sendImage, SpoutOut.process, []

    def breaking(self, *args) -> bool:
        calls.append(self)
        return len(calls) != 3 and send(self, *args)

    def until_it_is_back(self: SpoutOut, video: Frame) -> EndOfStream | None:
        process(self, video)
        return EndOfStream() if len(windows.senders) > 1 else None

    monkeypatch.setattr(SpoutSender, "sendImage", breaking)
    monkeypatch.setattr(SpoutOut, "process", until_it_is_back)
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "fps": 60}},
        "out": {"use": "spout.out", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "mode": "live", "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    assert [sender.closed for sender in windows.senders] == [True, True]
    assert result.stats["nodes"]["out"]["restarts"] == 1
