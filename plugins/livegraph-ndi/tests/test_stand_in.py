"""The stand-in has the names of the real cyndilib, where that is installed."""

from __future__ import annotations

import importlib
import inspect

import cyndilib_stand_in as stand_in
import pytest

CLASSES = ["Finder", "Receiver", "Sender", "VideoFrameSync", "VideoSendFrame"]


@pytest.mark.servers
def test_names_are_those_of_cyndilib() -> None:
    real = pytest.importorskip("cyndilib")
    pairs = [(getattr(stand_in, name), getattr(real, name)) for name in CLASSES]
    for mine, theirs in [*pairs, (stand_in.FrameSync, importlib.import_module("cyndilib.framesync").FrameSync)]:
        for name, member in vars(mine).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                assert callable(getattr(theirs, name)), f"{mine.__name__}.{name}"
    for name in ("FourCC", "RecvColorFormat", "RecvBandwidth"):
        for member in getattr(stand_in, name):
            assert int(getattr(getattr(real, name), member.name)) == int(member)
