import gc
import struct
import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from media_support import built, context, numbered, read_all, write_video

from livegraph import EndOfStream, InputError, Yuv420p, size_of
from livegraph_media import read_frame_number
from livegraph_media.address import resolve_address
from livegraph_media.convert import rgb24_to_yuv420p, yuv420p_to_rgb24
from livegraph_media.decode import Decoder
from livegraph_media.file import File
from livegraph_media.planes import frame_of
from livegraph_media.shape import Shaper

PERIOD = 1_000_000_000 / 30


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", [numbered(n) for n in range(30)])


def numbers(frames) -> list[int | None]:
    return [read_frame_number(frame.data) for frame in frames]


def test_it_plays_every_picture_at_its_time(clip: Path) -> None:
    frames = read_all(built(File, path=str(clip)))
    assert numbers(frames) == list(range(30))
    assert [frame.pts_ns for frame in frames] == [round(n * PERIOD) for n in range(30)]
    assert not any(frame.discontinuity for frame in frames)
    assert {type(frame.data) for frame in frames} == {Yuv420p}


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    pts = [0, 40, 45, 500, 2_000]
    path = write_video(tmp_path / "vfr.mkv", [numbered(n) for n in range(5)], pts=pts)
    assert [frame.pts_ns for frame in read_all(built(File, path=str(path)))] == [each * 1_000_000 for each in pts]


def test_a_file_that_begins_late_begins_at_zero(tmp_path: Path) -> None:
    path = write_video(tmp_path / "late.ts", [numbered(n) for n in range(5)])
    frames = read_all(built(File, path=str(path)))
    assert frames[0].pts_ns == 0
    assert numbers(frames) == list(range(5))


@pytest.mark.parametrize("pixels", ["rgb24", "gray8"])
def test_the_format_is_the_one_that_the_plan_picked(clip: Path, pixels: str) -> None:
    frames = read_all(built(File, context(formats={"out": pixels}), path=str(clip)))
    assert numbers(frames) == list(range(30))
    assert frames[0].data.shape == ((96, 128, 3) if pixels == "rgb24" else (96, 128))
    expected = numbered(0) if pixels == "rgb24" else numbered(0)[..., 0]
    assert np.abs(frames[0].data.astype(int) - expected).mean() < 3


def test_start_is_exact_also_between_keyframes(clip: Path) -> None:
    frames = read_all(built(File, path=str(clip), start=0.5))
    assert numbers(frames) == list(range(15, 30))
    assert frames[0].pts_ns == 0


def test_start_behind_the_end_is_refused(clip: Path) -> None:
    with pytest.raises(InputError, match=r"lasts 1.00 s: start 3 is behind its end"):
        built(File, path=str(clip), start=3)


def test_a_loop_continues_in_time_and_marks_where_it_begins_again(clip: Path) -> None:
    node = built(File, path=str(clip), loop=True, start=0.8)
    frames = [node.read() for _ in range(15)]
    node.teardown()
    assert numbers(frames) == [24, 25, 26, 27, 28, 29] * 2 + [24, 25, 26]
    assert [index for index, frame in enumerate(frames) if frame.discontinuity] == [6, 12]
    assert [frame.pts_ns for frame in frames] == pytest.approx([n * PERIOD for n in range(15)], abs=20)


@pytest.mark.parametrize(
    ("fit", "edge", "said"), [("crop", "picture", "cropped to"), ("letterbox", "black", "letterboxed into")]
)
def test_a_size_crops_or_letterboxes_and_says_so(tmp_path: Path, fit: str, edge: str, said: str) -> None:
    path = write_video(tmp_path / "white.mp4", [np.full((90, 160, 3), 255, np.uint8)] * 2)
    ctx = context()
    frame = read_all(built(File, ctx, path=str(path), size="64x64", fit=fit))[0]
    assert ctx.said == [f"160x90 is {said} 64x64 (`fit`: crop or letterbox)"]
    assert size_of(frame.data) == (64, 64)
    assert frame.data.y[32, 32] > 220
    assert (frame.data.y[2, 32] < 30) == (edge == "black")


def test_auto_size_is_what_downstream_prefers_and_source_its_own(clip: Path) -> None:
    ctx = context(size_hint=(64, 64))
    assert size_of(built(File, ctx, path=str(clip)).read().data) == (64, 64)
    assert size_of(built(File, ctx, path=str(clip), size="source").read().data) == (128, 96)
    assert size_of(built(File, path=str(clip)).read().data) == (128, 96)


def test_a_size_that_changes_midway_changes_the_frames_unless_it_is_fixed(tmp_path: Path) -> None:
    small = write_video(tmp_path / "a.ts", [numbered(n) for n in range(10)])
    large = write_video(tmp_path / "b.ts", [numbered(n, (192, 144)) for n in range(10, 20)])
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    frames = read_all(built(File, path=str(both)))
    assert numbers(frames) == list(range(20))
    assert [size_of(frame.data) for frame in frames] == [(128, 96)] * 10 + [(192, 144)] * 10
    assert all(b.pts_ns > a.pts_ns for a, b in pairwise(frames))
    fixed = read_all(built(File, path=str(both), size="128x96"))
    assert {size_of(frame.data) for frame in fixed} == {(128, 96)}


def anamorphic(path: Path, size: tuple[int, int], aspect: str) -> Path:
    """White in its left half, with pixels `aspect` times as wide as high."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:, : size[0] // 2] = 255
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        for _ in range(3):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("coded", "aspect", "shown"),
    [
        ((720, 576), "16/15", (768, 576)),
        ((720, 576), "64/45", (1024, 576)),
        ((720, 480), "8/9", (640, 480)),
        ((720, 480), "32/27", (854, 480)),
    ],
)
@pytest.mark.parametrize("pixels", ["yuv420p", "rgb24", "gray8"])
def test_anamorphic_video_has_square_pixels(
    tmp_path: Path, coded: tuple[int, int], aspect: str, shown: tuple[int, int], pixels: str
) -> None:
    ctx = context(formats={"out": pixels})
    frames = read_all(built(File, ctx, path=str(anamorphic(tmp_path / "dv.mp4", coded, aspect))))
    assert [size_of(frame.data) for frame in frames] == [shown] * 3
    luma = getattr(frames[0].data, "y", frames[0].data)
    assert luma[:, : shown[0] // 2 - 4].min() > 200 > 60 > luma[:, shown[0] // 2 + 4 :].max()
    ratio = aspect.replace("/", ":")
    assert ctx.said == [f"{coded[0]}x{coded[1]} with pixels of {ratio} is shown as {shown[0]}x{shown[1]}"]


def test_an_anamorphic_size_fits_without_being_cut(tmp_path: Path) -> None:
    ctx = context()
    path = anamorphic(tmp_path / "dv.mp4", (720, 576), "16/15")
    assert size_of(built(File, ctx, path=str(path), size="320x240").read().data) == (320, 240)
    assert not any("cropped" in said for said in ctx.said)


@pytest.mark.parametrize("aspect", ["360/359", "1/1", "500/1", "1/500"])
def test_an_aspect_that_means_nothing_changes_nothing(tmp_path: Path, aspect: str) -> None:
    path = anamorphic(tmp_path / "x.mp4", (128, 96), aspect)
    assert size_of(built(File, path=str(path)).read().data) == (128, 96)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "bgr0"])
def test_an_odd_edge_is_there_and_chroma_stands_where_it_belongs(tmp_path: Path, pixels: str) -> None:
    """Red and blue stripes of two columns, and a green last column and row."""
    picture = np.zeros((33, 43, 3), np.uint8)
    picture[:, 0::4, 0] = picture[:, 1::4, 0] = picture[:, 2::4, 2] = picture[:, 3::4, 2] = 255
    picture[:, -1] = picture[-1] = (0, 255, 0)
    path = tmp_path / "odd.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 43, 33, pixels
        if pixels == "yuv420p":
            frame = frame_of(rgb24_to_yuv420p(picture))
        else:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    for wanted in ("yuv420p", "rgb24"):
        shown = built(File, context(formats={"out": wanted}), path=str(path)).read().data
        rgb = yuv420p_to_rgb24(shown) if wanted == "yuv420p" else shown
        assert np.abs(rgb.astype(int) - picture).max() <= 6


@pytest.mark.parametrize(("angle", "corner"), [(0, "left"), (90, "bottom"), (180, "right"), (-90, "top")])
def test_a_turned_phone_video_stands_upright(tmp_path: Path, angle: int, corner: str) -> None:
    """The left half is white; `angle` (anticlockwise) is written into the track header, as phones do."""
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:, :64] = 255
    path = write_video(tmp_path / "phone.mp4", [picture] * 3)
    turn_track(path, angle)
    frame = read_all(built(File, path=str(path)))[0]
    assert size_of(frame.data) == ((128, 96) if angle in (0, 180) else (96, 128))
    luma = frame.data.y.astype(float)
    halves = {"left": luma[:, :20], "right": luma[:, -20:], "top": luma[:20], "bottom": luma[-20:]}
    assert max(halves, key=lambda side: halves[side].mean()) == corner
    assert size_of(built(File, path=str(path), size="64x48").read().data) == (64, 48)


def turn_track(path: Path, angle: int) -> None:
    """Put a rotation into the matrix of the track header (ISO/IEC 14496-12, 8.3.2)."""
    cosine, sine = {0: (1, 0), 90: (0, -1), 180: (-1, 0), -90: (0, 1)}[angle]
    identity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(
        ">9i", cosine * 0x10000, sine * 0x10000, 0, -sine * 0x10000, cosine * 0x10000, 0, 0, 0, 0x40000000
    )
    data = path.read_bytes()
    header = data.index(b"tkhd")
    at = data.index(identity, header)
    path.write_bytes(data[:at] + turned + data[at + 36 :])


@pytest.mark.parametrize("audio_only", [True, False])
def test_what_is_no_video_is_refused(tmp_path: Path, audio_only: bool) -> None:
    path = tmp_path / "x.wav"
    if audio_only:
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(8000))
    else:
        path.write_bytes(b"just some words, again and again " * 40)
    with pytest.raises(
        InputError, match=r"no video in it \(only audio\)" if audio_only else "no video that FFmpeg can read"
    ):
        built(File, path=str(path))


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    for path, message in [
        (tmp_path / "no.mp4", "no file"),
        (tmp_path / "empty.mp4", "0 bytes"),
        (tmp_path, r"is a folder: media\.images"),
    ]:
        with pytest.raises(InputError, match=message):
            built(File, path=str(path))


@pytest.mark.parametrize("address", ["concat://a|b", "subfile://x", "ftp://host/x.mp4", "data://x"])
def test_other_protocols_are_not_opened(address: str) -> None:
    with pytest.raises(InputError, match=r":// is not opened here"):
        built(File, path=address)


def test_an_mp4_that_lost_its_index_is_told(clip: Path) -> None:
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(InputError, match="cut off while written"):
        built(File, path=str(clip))


@pytest.mark.parametrize(("extension", "options"), [("mp4", {"movflags": "+faststart"}), ("mkv", {})])
def test_a_file_that_breaks_off_ends_there_and_says_so(tmp_path: Path, extension: str, options: dict[str, str]) -> None:
    path = write_video(tmp_path / f"x.{extension}", [numbered(n) for n in range(120)], **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    ctx = context()
    frames = read_all(built(File, ctx, path=str(path)))
    assert 20 < len(frames) < 110
    assert numbers(frames)[:20] == list(range(20))
    assert any("breaks off after" in said and "of 4.0 s" in said for said in ctx.said)


def test_damage_in_the_middle_does_not_end_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.ts", [numbered(n) for n in range(90)])
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    frames = read_all(built(File, path=str(path)))
    assert len(frames) > 60
    assert numbers(frames)[:20] == list(range(20))
    assert all(b.pts_ns > a.pts_ns for a, b in pairwise(frames))


def test_frames_are_the_decoders_own_planes(clip: Path) -> None:
    decoder = Decoder(resolve_address(str(clip)))
    shaper = Shaper("yuv420p", None, "crop", print)
    for frame in decoder.frames():
        picture = shaper.picture(frame)
        for plane, own in zip((picture.y, picture.u, picture.v), frame.planes, strict=True):
            assert plane.ctypes.data == own.buffer_ptr
            assert not plane.flags.writeable
    decoder.close()


def test_frames_stay_as_they_were_while_the_decoder_goes_on_and_is_gone(clip: Path) -> None:
    frames = read_all(built(File, path=str(clip)))
    gc.collect()
    assert numbers(frames) == list(range(30))


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full", [False, True])
def test_matrix_and_range_are_the_files(tmp_path: Path, matrix: str, full: bool) -> None:
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.colorspace = 1 if matrix == "bt709" else 6
        stream.codec_context.color_range = 2 if full else 1
        output.mux([*stream.encode(av.VideoFrame(128, 96, "yuv420p")), *stream.encode(None)])
    picture = built(File, path=str(path)).read().data
    assert (picture.matrix, picture.full_range) == (matrix, full)


def test_pictures_without_subsampling_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "x.avi"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "bgr0"
        frame = av.VideoFrame.from_ndarray(numbered(5), "rgb24").reformat(format="bgr0")
        output.mux([*stream.encode(frame), *stream.encode(None)])
    assert read_frame_number(built(File, path=str(path)).read().data) == 5
    rgb = built(File, context(formats={"out": "rgb24"}), path=str(path)).read().data
    assert np.array_equal(rgb, numbered(5))


def test_the_sample_plays() -> None:
    frames = read_all(built(File, path="sample://moving"))
    assert (len(frames), size_of(frames[0].data)) == (192, (512, 288))
    assert frames[-1].pts_ns + frames[-1].duration_ns == pytest.approx(8e9, abs=1000)


def test_an_unknown_sample_offers_what_there_is() -> None:
    with pytest.raises(InputError, match=r"no sample 'movin'; there is sample://moving"):
        built(File, path="sample://movin")


@pytest.mark.parametrize(
    ("params", "live"),
    [
        ({"path": "x.mp4"}, False),
        ({"path": "https://host/x.mp4"}, False),
        ({"path": "rtsp://host/x"}, True),
        ({"path": "udp://127.0.0.1:1"}, True),
        ({"path": "rtsp://host/x", "live": False}, False),
        ({"path": "x.mp4", "live": True}, True),
    ],
)
def test_auto_is_live_at_live_addresses_only(params: dict[str, object], live: bool) -> None:
    assert File.is_live(File.Params(**params)) is live


def test_after_the_end_it_stays_at_the_end(clip: Path) -> None:
    node = built(File, path=str(clip))
    assert not any(isinstance(node.read(), EndOfStream) for _ in range(30))
    assert isinstance(node.read(), EndOfStream)
    assert isinstance(node.read(), EndOfStream)
    node.teardown()
