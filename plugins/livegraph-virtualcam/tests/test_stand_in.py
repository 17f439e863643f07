"""The stand-in has the signature of the real pyvirtualcam, where that is installed."""

from __future__ import annotations

import inspect

import pytest
import pyvirtualcam_stand_in as stand_in


@pytest.mark.servers
def test_the_signature_is_that_of_pyvirtualcam() -> None:
    real = pytest.importorskip("pyvirtualcam")
    mine, theirs = (inspect.signature(module.Camera).parameters for module in (stand_in, real))
    assert [(one.name, one.kind) for one in mine.values()] == [(one.name, one.kind) for one in theirs.values()]
    assert real.PixelFormat.RGB.value == stand_in.PixelFormat.RGB.value
    with pytest.raises(RuntimeError, match="does not exist"):
        real.Camera(64, 48, 30, fmt=real.PixelFormat.RGB, device="/dev/video-of-no-machine")
