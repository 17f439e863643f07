"""Bad input never crashes the runtime: a clear error at that node, the rest ends or goes on by policy."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from livegraph.testing import RunResult, run_graph


def play(source: dict[str, Any], folder: Path, **more: Any) -> RunResult:
    record = {"use": "media.record", "in": "src", "params": {"path": str(folder / "out.mp4")}}
    return run_graph({"livegraph": 1, "name": "bad", "nodes": {"src": source, "record": record, **more}})


def film(path: Path) -> dict[str, Any]:
    return {"use": "media.file", "params": {"path": str(path)}}


def write(path: Path, sizes: list[tuple[int, int]], frames: int = 20) -> Path:
    """An H.264 stream whose picture size changes midway (raw Annex B allows that)."""
    with path.open("wb") as file:
        for width, height in sizes:
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
            for number in range(frames):
                image = np.full((height, width, 3), number * 10 % 255, np.uint8)
                frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
                frame.pts = number
                for packet in encoder.encode(frame):
                    file.write(bytes(packet))
            for packet in encoder.encode(None):
                file.write(bytes(packet))
    return path


def decodes(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100, os.urandom(4096)])
def test_a_file_that_is_no_video_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    result = play(film(path), tmp_path)
    assert not result.outcome.ok
    assert "node src:" in str(result.outcome.error)
    assert "broken.mp4" in str(result.outcome.error)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = play(film(tmp_path / "nothing.mp4"), tmp_path)
    assert "nothing.mp4" in str(result.outcome.error)


def test_what_a_truncated_file_still_holds_is_recorded(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.h264", [(160, 96)], 60).read_bytes()
    cut = tmp_path / "cut.h264"
    cut.write_bytes(whole[: len(whole) // 2])
    play(film(cut), tmp_path)
    assert decodes(tmp_path / "out.mp4") > 5


def test_a_size_that_changes_midway_is_recorded_to_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "sizes.h264", [(160, 96), (320, 240)])
    result = play(film(path), tmp_path)
    assert result.outcome.ok, result.outcome.error
    assert decodes(tmp_path / "out.mp4") == 40


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    source = {"use": "media.pattern", "params": {"size": "64x64", "live": False, "frames": 5}}
    record = {"use": "media.record", "in": "src", "params": {"path": str(tmp_path / "file" / "out.mp4")}}
    result = run_graph({"livegraph": 1, "name": "bad", "nodes": {"src": source, "record": record}})
    assert not result.outcome.ok
    assert "node record:" in str(result.outcome.error)


def test_by_policy_the_rest_goes_on_without_the_broken_node(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    source = {"use": "media.pattern", "params": {"size": "64x64", "live": False, "frames": 5}}
    path = str(tmp_path / "file" / "out.mp4")
    record = {"use": "media.record", "in": "src", "on_error": "skip", "params": {"path": path}}
    nodes = {"src": source, "record": record, "out": {"use": "test.collect", "in": "src"}}
    result = run_graph({"livegraph": 1, "name": "bad", "nodes": nodes})
    assert not result.outcome.ok
    assert len(result.frames("out")) == 5
