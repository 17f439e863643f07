import pytest

from livegraph import InputError
from livegraph_media.encoder import encoding, find_encoding, why_not


def test_auto_finds_an_encoder_that_encodes() -> None:
    found = find_encoding("auto", "veryfast", 23, 30, (128, 96), hardware=True)
    assert why_not(found) is None


def test_without_hardware_only_software_is_tried() -> None:
    assert find_encoding("auto", "veryfast", 23, 30, (128, 96), hardware=False).codec in ("libx264", "mpeg4")


def test_a_name_that_ffmpeg_does_not_know_is_a_reason() -> None:
    assert why_not(encoding("h264_nonsense", "veryfast", 23, 30, (128, 96))) is not None


def test_a_size_that_no_encoder_takes_is_refused() -> None:
    with pytest.raises(InputError, match="no encoder for 100000x2"):
        find_encoding("auto", "veryfast", 23, 30, (100_000, 2), hardware=False)


def test_mpeg4_gets_coarser_as_crf_rises() -> None:
    steps = [int(encoding("mpeg4", "fast", crf, 30, (64, 64)).options["qmin"]) for crf in range(0, 52, 3)]
    assert steps == sorted(steps)
    assert 1 <= steps[0] < steps[-1] <= 31
