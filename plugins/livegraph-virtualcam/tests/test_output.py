"""vcam.out, up to pyvirtualcam's boundary."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from vcam_support import PLUGINS, built, plain

from livegraph import EndOfStream, Frame, NodeError
from livegraph.testing import run_graph
from livegraph_virtualcam.output import VirtualCam


def test_the_first_picture_opens_a_camera_of_its_size(vcam: ModuleType) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8)
    said: list[str] = []
    node = built(said, hint=25.0)
    node.setup()
    assert vcam.Camera.opened == []
    node.process(Frame(0, data=picture))
    (camera,) = vcam.Camera.opened
    assert (camera.size, camera.fps, camera.fmt) == ((64, 48), 25.0, vcam.PixelFormat.RGB)
    np.testing.assert_array_equal(camera.sent[0], picture)
    assert node.status() == {"device": vcam.DEVICES[0], "size": [64, 48]}
    assert said == [f"virtual camera {vcam.DEVICES[0]}: 64x48 at 25 fps"]
    node.teardown()
    assert camera.closed and node.status() == {}


@pytest.mark.parametrize(("fps", "hint", "told"), [(50, 25.0, 50), (0, 24.0, 24), (0, None, 30)])
def test_the_rate_that_the_camera_tells(vcam: ModuleType, fps: float, hint: float | None, told: float) -> None:
    node = built(hint=hint, fps=fps, device=vcam.DEVICES[0])
    node.setup()
    node.process(Frame(0, data=plain(64, 48)))
    assert vcam.Camera.opened[0].fps == told


def test_pictures_of_another_size_are_letterboxed_and_that_is_said_once(vcam: ModuleType) -> None:
    said: list[str] = []
    node = built(said)
    node.setup()
    for number, size in enumerate(((65, 49), (32, 48), (32, 48), (64, 48))):
        node.process(Frame(number, data=plain(*size)))
    (camera,) = vcam.Camera.opened
    assert camera.size == (64, 48)
    assert [bool(one[0, 0].any()) for one in camera.sent] == [True, False, False, True]
    assert said[1:] == ["pictures are now 32x48: the camera stays 64x48"]


def test_a_camera_that_another_program_holds_is_an_error_with_the_reason(vcam: ModuleType) -> None:
    first, second = built(), built(device=vcam.DEVICES[0])
    for node in (first, second):
        node.setup()
    first.process(Frame(0, data=plain(64, 48)))
    with pytest.raises(NodeError, match=r"no virtual camera can be opened: .*already in use.*modprobe v4l2loopback"):
        second.process(Frame(0, data=plain(64, 48)))


def test_a_camera_that_goes_is_an_error_so_that_the_node_is_restarted(vcam: ModuleType) -> None:
    node = built()
    node.setup()
    node.process(Frame(0, data=plain(64, 48)))
    Path(vcam.DEVICES[0]).unlink()
    with pytest.raises(NodeError, match=r"video7 is gone"):
        node.process(Frame(1, data=plain(64, 48)))


def test_in_a_run(vcam: ModuleType) -> None:
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "frames": 5, "fps": 24}},
        "camera": {"use": "vcam.out", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    (camera,) = vcam.Camera.opened
    assert (len(camera.sent), camera.fps, camera.closed) == (5, 24, True)


def test_in_a_run_a_camera_that_goes_is_opened_anew(vcam: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    send, process, calls = vcam.Camera.send, VirtualCam.process, []

    def breaking(self, frame: np.ndarray) -> None:
        calls.append(self)
        if len(calls) == 3:
            raise OSError("no such device")
        send(self, frame)

    def until_it_is_back(self: VirtualCam, video: Frame) -> EndOfStream | None:
        process(self, video)
        return EndOfStream() if len(vcam.Camera.opened) > 1 else None

    monkeypatch.setattr(vcam.Camera, "send", breaking)
    monkeypatch.setattr(VirtualCam, "process", until_it_is_back)
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "64x64", "fps": 60}},
        "camera": {"use": "vcam.out", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "mode": "live", "nodes": nodes}, plugins=PLUGINS)
    assert result.outcome.ok, result.outcome.error
    assert [one.closed for one in vcam.Camera.opened] == [True, True]
    assert result.stats["nodes"]["camera"]["restarts"] == 1
