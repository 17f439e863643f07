"""Cameras, played by containers: a generator that runs in real time and ends as if its cable were pulled."""

import time
from itertools import pairwise

import av
import pytest
from av.container import InputContainer
from media_support import built, context

from livegraph import Frame, InputError, Size, Yuv420p, size_of
from livegraph_media import read_frame_number
from livegraph_media.camera import Camera, camera_size
from livegraph_media.devices import NoCamera, camera_name, find_cameras, wishes


def generator(seconds: float | None, rate: int = 30, size: str = "128x96") -> InputContainer:
    """A container that gives pictures in real time, for so long."""
    limit = f":duration={seconds}" if seconds is not None else ""
    return av.open(f"testsrc=size={size}:rate={rate}{limit},realtime", format="lavfi")


class Script:
    """What each opening gives: a container, or None where the camera is away."""

    def __init__(self, *openings) -> None:
        self.openings = list(openings)
        self.asked: list[tuple[str, Size | None, float | None]] = []
        self.opened_at: list[float] = []

    def __call__(self, device: str, size: Size | None, fps: float | None) -> InputContainer:
        self.asked.append((device, size, fps))
        opening = self.openings.pop(0) if self.openings else None
        if opening is None:
            raise NoCamera("nothing there")
        self.opened_at.append(time.monotonic())
        return opening()


def camera(script: Script, ctx=None, **params):
    scripted = type("Scripted", (Camera,), {"opener": staticmethod(script)})
    return built(scripted, ctx or context("live"), **params)


def read_for(node, seconds: float) -> list[tuple[float, Frame | None]]:
    """Everything that `read` returned, with when it returned."""
    read = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        item = node.read()
        read.append((time.monotonic(), item))
    return read


def test_frames_come_with_rising_times_as_the_plan_wants_them() -> None:
    node = camera(Script(lambda: generator(None)), context("live", formats={"out": "rgb24"}))
    frames = [frame for _, frame in read_for(node, 0.6) if frame is not None]
    node.teardown()
    assert len(frames) >= 5
    assert frames[0].data.shape == (96, 128, 3)
    times = [frame.pts_ns for frame in frames]
    assert times == sorted(set(times))
    assert not any(frame.discontinuity for frame in frames)


def test_a_camera_that_vanishes_comes_back_as_a_discontinuity() -> None:
    script = Script(lambda: generator(0.6), None, None, lambda: generator(None, size="160x120"))
    ctx = context("live")
    node = camera(script, ctx)
    read = read_for(node, 3.2)
    node.teardown()
    frames = [(when, frame) for when, frame in read if frame is not None]
    back = next((index for index, (_, frame) in enumerate(frames) if frame.discontinuity), None)
    assert back is not None
    assert [index for index, (_, frame) in enumerate(frames) if frame.discontinuity] == [back]
    assert size_of(frames[back][1].data) == (160, 120)
    assert frames[back][0] - script.opened_at[1] < 1.0
    assert script.opened_at[1] - frames[back - 1][0] < 2.5
    returned = [when for when, _ in read]
    assert max(later - earlier for earlier, later in pairwise(returned)) < 0.5
    gone = frames[back][1].pts_ns - frames[back - 1][1].pts_ns
    assert gone / 1e9 == pytest.approx(frames[back][0] - frames[back - 1][0], abs=0.3)
    assert [said.split(" (")[0] for said in ctx.said] == ["the camera is gone", "the camera is back"]


def test_a_camera_is_looked_for_about_twice_a_second() -> None:
    script = Script(lambda: generator(0.1))
    node = camera(script)
    read_for(node, 2.4)
    node.teardown()
    assert 3 <= len(script.asked) - 1 <= 5


def test_the_newest_frame_wins() -> None:
    node = camera(Script(lambda: generator(None)))
    read_for(node, 0.3)
    time.sleep(0.6)
    frame = node.read()
    age_ns = node.ctx.clock.now_ns() - frame.captured_ns
    node.teardown()
    assert age_ns < 200_000_000


def test_it_stops_at_once() -> None:
    node = camera(Script(lambda: generator(None)))
    begin = time.monotonic()
    node.teardown()
    assert time.monotonic() - begin < 1.0


def test_without_a_camera_the_scene_takes_its_place_at_the_cameras_pace() -> None:
    ctx = context("live", size_hint=(128, 96), formats={"out": "yuv420p"})
    node = camera(Script(), ctx, fps=20)
    read = [frame for _, frame in read_for(node, 1.0) if frame is not None]
    node.teardown()
    numbers = [read_frame_number(frame.data) for frame in read]
    assert isinstance(read[0].data, Yuv420p)
    assert size_of(read[0].data) == (128, 96)
    assert numbers == sorted(set(numbers))
    assert 12 <= numbers[-1] <= 21
    assert ctx.said == ["no camera (nothing there): showing the test scene instead"]


def test_a_slow_reader_of_the_scene_gets_the_newest() -> None:
    node = camera(Script(), context("live", size_hint=(128, 96)), fps=30)
    node.read()
    time.sleep(0.5)
    assert read_frame_number(node.read().data) >= 14


def test_without_fallback_a_missing_camera_is_an_error() -> None:
    with pytest.raises(InputError, match="no camera: nothing there"):
        camera(Script(), fallback="none")


@pytest.mark.parametrize(
    ("size", "hint", "asked", "given"),
    [
        ("auto", (64, 64), (640, 480), (64, 64)),
        ("auto", None, (1280, 720), (128, 96)),
        ("source", (64, 64), None, (128, 96)),
        ("1280x720", None, (1280, 720), (1280, 720)),
    ],
)
def test_the_camera_is_asked_for_a_size_and_its_picture_fitted(size, hint, asked, given) -> None:
    script = Script(lambda: generator(None))
    node = camera(script, context("live", size_hint=hint), size=size, device="7", fps=25)
    frame = next(frame for frame in iter(node.read, 0) if frame is not None)
    node.teardown()
    assert script.asked == [("7", asked, 25)]
    assert size_of(frame.data) == given


def test_a_larger_size_than_any_asks_for_the_largest() -> None:
    assert camera_size((4000, 3000)) == (1920, 1080)
    assert camera_size((832, 480)) == (1280, 720)


def test_a_bug_in_a_device_is_raised_where_frames_are_read() -> None:
    class Broken:
        streams = None

        def close(self) -> None: ...

    node = camera(Script(Broken))
    with pytest.raises(AttributeError):
        read_for(node, 1.0)
    node.teardown()


def test_wishes_become_more_modest() -> None:
    small = [{"video_size": "640x480", "framerate": "30"}, {"framerate": "30"}, {"video_size": "640x480"}]
    assert wishes("v4l2", (640, 480), 30.0) == small
    assert wishes("v4l2", (1280, 720), 29.97)[0] == {
        "video_size": "1280x720",
        "framerate": "29.97",
        "input_format": "mjpeg",
    }
    assert wishes("avfoundation", None, 30.0) == [{"framerate": "30"}]
    assert wishes("v4l2", None, None) == []


def test_looking_for_cameras_needs_none() -> None:
    assert isinstance(find_cameras(), list)


def test_a_number_is_a_device_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert [camera_name(name) for name in ("0", "/dev/video2")] == ["/dev/video0", "/dev/video2"]
    monkeypatch.setattr("sys.platform", "darwin")
    assert camera_name("FaceTime HD Camera") == "FaceTime HD Camera"
