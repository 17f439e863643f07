from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import pytest
from film_support import FPS, PERIOD_NS, clicks_ns, flashes_ns, write_film
from media_support import built, context, numbered, read_all, write_video

from livegraph import AnyPort, EndOfStream, Frame, Gap, In, NodeSpec, Sink, hookimpl
from livegraph.testing import run_graph
from livegraph_media.address import resolve_address
from livegraph_media.decode import Decoder
from livegraph_media.file import File
from livegraph_media.sound import samples_of

SECOND = 1_000_000_000
NEAR_NS = 2_000_000


def read_film(node: Any, limit: int = 10_000) -> tuple[list[Frame], list[Frame]]:
    """Pictures and sound until the end."""
    pictures, sound = [], []
    for _ in range(limit):
        item = node.read()
        if isinstance(item, EndOfStream):
            break
        moment = item if isinstance(item, Mapping) else {"out": item}
        pictures.extend(frame for port, frame in moment.items() if port == "out")
        sound.extend(block for port, block in moment.items() if port == "audio" and isinstance(block, Frame))
    node.teardown()
    return pictures, sound


def play(path: Path, limit: int = 10_000, ctx: Any = None, **params: Any) -> tuple[list[Frame], list[Frame]]:
    return read_film(built(File, ctx or context(wired={"out", "audio"}), path=str(path), **params), limit)


def test_nothing_comes_later_than_what_is_due_after_it(tmp_path: Path) -> None:
    node = built(File, context(wired={"audio"}), path=str(write_film(tmp_path / "x.mp4")), loop=True)
    last = -1
    for _ in range(400):
        item = node.read()
        moment = item if isinstance(item, Mapping) else {"out": item}
        frame = moment.get("out") or moment["audio"]
        assert frame.pts_ns >= last
        last = frame.pts_ns
    node.teardown()


def assert_in_step(pictures: list[Frame], sound: list[Frame], times: int) -> None:
    flashes, clicks = flashes_ns(pictures), clicks_ns(sound)
    assert len(flashes) == times
    assert clicks == pytest.approx(flashes, abs=NEAR_NS)


def assert_without_a_hole(sound: list[Frame]) -> None:
    for before, after in pairwise(sound):
        assert after.pts_ns == pytest.approx(before.pts_ns + before.duration_ns, abs=2)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.mp4", {}),
        ("x.mp4", {"rate": 44_100, "layout": "mono"}),
        ("x.ts", {}),
        ("x.mkv", {"codec": "libopus", "format": "flt"}),
        ("x.mkv", {"codec": "flac", "format": "s16", "rate": 44_100}),
        ("x.mkv", {"codec": "pcm_s16le", "format": "s16"}),
        ("x.mkv", {"codec": "pcm_f32le", "format": "flt", "layout": "mono"}),
        ("x.mkv", {"codec": "pcm_u8", "format": "u8", "rate": 22_050}),
        ("x.mov", {"codec": "pcm_s32le", "format": "s32", "rate": 96_000}),
    ],
)
def test_flash_and_click_are_one(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    pictures, sound = play(write_film(tmp_path / name, **options))
    assert_in_step(pictures, sound, 2)
    assert_without_a_hole(sound)
    channels = 1 if options.get("layout") == "mono" else 2
    for block in sound:
        assert block.data.dtype == np.float32
        assert block.data.shape == (pytest.approx(block.duration_ns * block.meta["rate"] / SECOND, abs=1), channels)
        assert not block.data.flags.writeable
    assert {block.meta["rate"] for block in sound} == {options.get("rate", 48_000)}
    assert sum(block.duration_ns for block in sound) == pytest.approx(2 * SECOND, abs=50_000_000)
    assert sound[0].pts_ns == pytest.approx(0, abs=25_000_000)
    assert not any(block.discontinuity for block in sound)


def test_a_start_holds_for_both(tmp_path: Path) -> None:
    pictures, sound = play(write_film(tmp_path / "x.mp4", 4, (10, 30, 60, 90)), start=1.0)
    assert flashes_ns(pictures)[0] == 5 * PERIOD_NS
    assert_in_step(pictures, sound, 3)
    assert_without_a_hole(sound)
    assert sound[0].pts_ns == pytest.approx(0, abs=NEAR_NS)


def test_a_loop_keeps_them_in_step_and_marks_where_it_begins_again(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.mp4")
    pictures, sound = play(path, limit=3 * (50 + 94), loop=True)
    assert_in_step(pictures, sound, 6)
    marked = [block.pts_ns for block in sound if block.discontinuity]
    assert marked == pytest.approx([2 * SECOND, 4 * SECOND], abs=25_000_000)
    ends = [block.pts_ns + block.duration_ns for block in sound]
    assert all(block.pts_ns >= end - 2 for end, block in zip(ends, sound[1:], strict=False))


def test_a_jump_in_the_file_s_time_keeps_them_in_step(tmp_path: Path) -> None:
    one, two = write_film(tmp_path / "1.ts"), write_film(tmp_path / "2.ts", 2, (5, 40))
    path = tmp_path / "both.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    pictures, sound = play(path)
    flashes, clicks = flashes_ns(pictures), clicks_ns(sound)
    assert len(flashes) == 4
    assert clicks == pytest.approx(flashes, abs=PERIOD_NS)
    assert sum(frame.discontinuity for frame in pictures) == sum(block.discontinuity for block in sound) == 1


@pytest.mark.parametrize(("sound_s", "heard_s"), [(1.0, 1.0), (3.0, 2.0)])
def test_the_pictures_say_how_long_it_plays(tmp_path: Path, sound_s: float, heard_s: float) -> None:
    pictures, sound = play(write_film(tmp_path / "x.mkv", sound_s=sound_s))
    assert len(pictures) == 2 * FPS
    assert sound[-1].pts_ns + sound[-1].duration_ns == pytest.approx(heard_s * SECOND, abs=30_000_000)


def test_sound_that_lies_far_behind_its_pictures_does_not_hold_them_up(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.mkv", 20, (), sound_s=0.1, late=True)
    ctx = context(wired={"out", "audio"})
    pictures, sound = play(path, ctx=ctx)
    assert len(pictures) == 20 * FPS
    assert sum(len(block.data) for block in sound) == 2048
    assert "of sound lie too far behind their pictures: left out" in ctx.said[-1]


def test_with_a_picture_that_no_sound_goes_with_comes_a_gap(tmp_path: Path) -> None:
    """Whatever the reason: before its first block, after its last one, or there is none at all."""
    silent = write_video(tmp_path / "x.mp4", [numbered(n) for n in range(5)])
    for path, quiet_s in ((silent, 0.0), (write_film(tmp_path / "x.mkv", 12, (10,), sound_s=1), 1.1)):
        node, sounding = built(File, context(wired={"out", "audio"}), path=str(path), loop=True), -1
        for _ in range(1500):
            item = node.read()
            moment = item if isinstance(item, Mapping) else {"out": item}
            if isinstance(moment.get("audio"), Frame):
                assert moment["audio"].pts_ns > sounding
            elif moment["out"].pts_ns % (12 * SECOND) > quiet_s * SECOND:
                assert moment["audio"] == Gap(moment["out"].pts_ns)
            sounding = moment["audio"].pts_ns if "audio" in moment else sounding
        node.teardown()


def test_a_file_without_sound_says_so_only_where_the_port_is_wired(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.mp4", [numbered(n) for n in range(5)])
    for wired, told in (((), []), (("out",), []), (("audio",), [f"{path} has no sound that can be played: nothing"])):
        ctx = context(wired=wired)
        pictures, sound = play(path, ctx=ctx)
        assert (len(pictures), sound) == (5, [])
        assert [line.split(" comes")[0] for line in ctx.said] == told


def test_where_nobody_listens_the_sound_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Decoder, "sounds", None)
    frames = read_all(built(File, context(wired={"out"}), path=str(write_film(tmp_path / "x.mp4"))))
    assert all(isinstance(frame, Frame) for frame in frames)
    assert len(frames) == 50
    decoder = Decoder(resolve_address(str(tmp_path / "x.mp4")))
    assert decoder.sound is None
    decoder.close()


def test_damaged_sound_is_left_out_and_said(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.ts")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    pictures, sound = play(path)
    assert len(pictures) > 35
    assert len(sound) > 60


@pytest.mark.parametrize("format", ["u8", "u8p", "s16", "s16p", "s32", "s32p", "flt", "fltp", "dbl", "dblp"])
def test_samples_are_the_same_from_every_format(format: str) -> None:
    expected = np.array([[0, -0.5], [0.5, -1], [0.25, 0.75]], np.float32)
    kind = format.rstrip("p")
    scaled = {
        "u8": lambda: (expected * 128 + 128).astype(np.uint8),
        "s16": lambda: (expected * 2**15).astype(np.int16),
        "s32": lambda: (expected.astype(np.float64) * 2**31).astype(np.int32),
        "flt": lambda: expected,
        "dbl": lambda: expected.astype(np.float64),
    }[kind]()
    laid = scaled.T if format.endswith("p") else scaled.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(laid), format, "stereo")
    assert samples_of(frame).tolist() == expected.tolist()


def test_what_is_louder_than_full_scale_is_clipped() -> None:
    frame = av.AudioFrame.from_ndarray(np.array([[1.5, -2.0]], np.float32), "fltp", "mono")
    assert samples_of(frame).tolist() == [[1], [-1]]


class Keep(Sink):
    """Keeps what comes, by the node's name."""

    input: In[AnyPort]
    kept: ClassVar[dict[str, list[Frame]]] = {}

    def setup(self) -> None:
        self.kept[self.ctx.node_id] = []

    def process(self, input: Frame) -> None:
        self.kept[self.ctx.node_id].append(input)


class KeepPlugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("t.keep", Keep)]


@pytest.mark.parametrize("live", [False, True])
def test_they_are_in_step_in_a_graph(tmp_path: Path, live: bool) -> None:
    path = write_film(tmp_path / "x.mp4", 3, (10, 30, 60))
    nodes = {
        "clip": {"use": "media.file", "params": {"path": str(path), "live": live}},
        "pictures": {"use": "t.keep", "in": "clip"},
        "sound": {"use": "t.keep", "in": "clip.audio"},
    }
    outcome = run_graph({"livegraph": 1, "nodes": nodes}, plugins=[KeepPlugin()]).outcome
    assert outcome.ok, outcome.error
    assert_in_step(Keep.kept["pictures"], Keep.kept["sound"], 3)
    assert_without_a_hole(Keep.kept["sound"])
    assert outcome.stats["tickets"]["issued"] == outcome.stats["tickets"]["settled"]
