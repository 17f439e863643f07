"""Microphones, played by containers: generators that run in real time and end as if their plug were pulled."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer
from film_support import heard
from media_support import built, context

from livegraph import Frame, Gap, InputError
from livegraph.testing import run_graph
from livegraph_media import microphones, read_frame_number
from livegraph_media.camera import Camera, StandIn
from livegraph_media.microphone import Microphone, amplified
from livegraph_media.microphones import NoMicrophone, find_microphones, microphone_name, open_microphone
from livegraph_media.planes import yuv420p_of
from livegraph_media.stand_in_sound import StandInSound
from livegraph_media.steady_sound import BLOCK, BLOCK_NS

PULSE = "if(lt(mod(t,1),0.05),0.8*sin(2*PI*1000*t),0)"
PART_S = 256 / 44_100
IN_STEP_S = 0.04


def generator(seconds: float | None = None) -> InputContainer:
    """A mono card of 44.1 kHz that hears 50 ms of sound in each second, in real time, for so long."""
    limit = f":d={seconds}" if seconds is not None else ""
    return av.open(f"aevalsrc=exprs='{PULSE}':s=44100:n=256:c=mono{limit},arealtime", format="lavfi")


class Script:
    """What each opening gives: a container, or None where the microphone is away."""

    def __init__(self, *openings: Any) -> None:
        self.openings = list(openings)
        self.asked: list[tuple[str, int]] = []
        self.opened_at: list[float] = []

    def __call__(self, device: str, channels: int) -> InputContainer:
        self.asked.append((device, channels))
        opening = self.openings.pop(0) if self.openings else None
        if opening is None:
            raise NoMicrophone("nothing there")
        self.opened_at.append(time.monotonic())
        return opening()


def microphone(script: Script, ctx: Any = None, **params: Any) -> Any:
    scripted = type("Scripted", (Microphone,), {"opener": staticmethod(script)})
    return built(scripted, ctx or context("live"), **params)


def read_for(node: Any, seconds: float) -> list[Frame | Gap]:
    end, read = time.monotonic() + seconds, []
    while time.monotonic() < end:
        if (item := node.read()) is not None:
            read.append(item)
    return read


def test_what_was_lost_and_found_again_is_a_discontinuity_where_it_belongs() -> None:
    script = Script(lambda: generator(0.65), None, generator)
    ctx = context("live")
    node = microphone(script, ctx, channels=2, device="7")
    read = read_for(node, 3.3)
    node.teardown()
    assert script.asked == [("7", 2)] * 3
    blocks = [item for item in read if isinstance(item, Frame)]
    assert {(block.data.shape, block.meta["rate"], block.duration_ns) for block in blocks} == {
        ((BLOCK, 2), 48_000, BLOCK_NS)
    }
    assert not blocks[0].data.any()
    ends = [item.pts_ns + (BLOCK_NS if isinstance(item, Frame) else 0) for item in read]
    assert all(later.pts_ns >= end for end, later in zip(ends, read[1:], strict=False))
    (back,) = [index for index, block in enumerate(blocks) if block.discontinuity]
    assert any(isinstance(item, Gap) for item in read)
    for before, after in pairwise(blocks[back:]):
        assert after.pts_ns == before.pts_ns + BLOCK_NS
    sounds = [block.pts_ns / 1e9 for block in blocks[back:] if np.abs(block.data).max() > 0.3]
    assert sounds
    second = (sounds[0] - script.opened_at[1]) % 1
    assert min(second, abs(second - 1)) < 0.1 + IN_STEP_S
    assert [said.split(" (")[0] for said in ctx.said] == ["microphone 7 is gone", "microphone 7 is back"]


def test_without_a_microphone_silence_comes_at_its_pace() -> None:
    ctx = context("live")
    node = microphone(Script(), ctx, channels=3)
    begin = time.monotonic_ns()
    blocks = read_for(node, 0.4)
    assert [block.pts_ns for block in blocks] == [blocks[0].pts_ns + index * BLOCK_NS for index in range(len(blocks))]
    assert all(begin <= block.pts_ns == block.captured_ns <= time.monotonic_ns() for block in blocks)
    assert not any(block.data.any() or block.data.shape != (BLOCK, 3) for block in blocks)
    time.sleep(0.7)
    assert node.read().discontinuity
    assert time.monotonic_ns() - node.read().pts_ns < 500_000_000
    assert ctx.said == ["no microphone (nothing there): silence instead"]


def test_without_fallback_a_missing_microphone_is_an_error() -> None:
    with pytest.raises(InputError, match="no microphone: nothing there"):
        microphone(Script(), fallback="none")


def test_gain_never_passes_full_scale() -> None:
    block = Frame(0, data=np.array([[0.1, -0.5]], np.float32), meta={"rate": 48_000})
    louder = amplified(block, 20)
    assert louder.data.tolist() == [[pytest.approx(1.0), -1.0]]
    assert louder.data.dtype == np.float32
    assert amplified(block, -20).data.tolist() == [[pytest.approx(0.01), pytest.approx(-0.05)]]
    assert Microphone.Params.model_fields["gain_db"].json_schema_extra["live"]


def studio(path: Path) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "nodes": {
            "camera": {"use": "media.camera", "params": {"size": "128x96", "fps": 25}},
            "microphone": {"use": "media.microphone", "params": {"fallback": "tone"}},
            "record": {
                "use": "media.record",
                "in": {"video": "camera", "audio": "microphone"},
                "params": {"path": str(path), "preset": "ultrafast"},
            },
        },
    }


def begins_s(path: Path, level: float) -> list[float]:
    """When something is heard after a pause."""
    with av.open(str(path)) as film:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    loud = np.flatnonzero(np.abs(samples) > level)
    return [float(loud[at]) / 48_000 for at in range(len(loud)) if at == 0 or loud[at] - loud[at - 1] > 4800]


def in_step(times: list[float]) -> list[float]:
    """How far times are from full seconds."""
    return [(time + 0.5) % 1 - 0.5 for time in times]


def test_the_scene_and_the_tone_are_recorded_in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frame numbers and tones tell when both began; their distance must be that of the clock's."""
    stand_ins: list[Any] = []
    for cls in (StandIn, StandInSound):
        first = cls.__init__
        monkeypatch.setattr(
            cls, "__init__", lambda self, *a, first=first, **k: (stand_ins.append(self), first(self, *a, **k))[1]
        )
    monkeypatch.setattr(Camera, "opener", staticmethod(lambda *asked: Script()("", 0)))
    monkeypatch.setattr(Microphone, "opener", staticmethod(Script()))
    path = tmp_path / "x.mp4"
    result = run_graph(studio(path), duration_s=2.3)
    assert result.outcome.ok, result.outcome.error
    began = {type(each): each._begin_ns / 1e9 for each in stand_ins}
    with av.open(str(path)) as film:
        pictures = [(float(f.pts * f.time_base), read_frame_number(yuv420p_of(f))) for f in film.decode(video=0)]
    zeros = [began[StandIn] + number / 25 - shown for shown, number in pictures if number is not None]
    assert max(zeros) - min(zeros) < 0.01
    tones = begins_s(path, 0.03)
    off = in_step([zeros[0] + tone - began[StandInSound] for tone in tones if tone > 0.05])
    print(f"sound {[round(1000 * each) for each in off]} ms behind the picture")
    assert len(off) >= 2
    assert max(map(abs, off)) < IN_STEP_S


def flashing() -> InputContainer:
    """A camera that sees 80 ms of white in each second."""
    white = "drawbox=t=fill:c=white:enable='lt(mod(t,1),0.08)'"
    return av.open(f"color=c=black:s=128x96:r=25,{white},realtime", format="lavfi")


def test_a_camera_and_a_microphone_are_recorded_in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, float] = {}

    def opener(name: str, opening: Any) -> Any:
        def opens(*asked: Any) -> InputContainer:
            opened[name] = time.monotonic()
            return opening()

        return staticmethod(opens)

    monkeypatch.setattr(Camera, "opener", opener("camera", flashing))
    monkeypatch.setattr(Microphone, "opener", opener("microphone", generator))
    path = tmp_path / "x.mkv"
    result = run_graph(studio(path), duration_s=2.9)
    assert result.outcome.ok, result.outcome.error
    white, _, _ = heard(path)
    flashes = [each for at, each in enumerate(white) if at == 0 or each - white[at - 1] > 0.5]
    apart = opened["microphone"] - opened["camera"] - PART_S
    sounds = [each for each in begins_s(path, 0.3) if each > 0.05]
    off = in_step([sound - flashes[-1] - apart for sound in sounds])
    print(f"sound {[round(1000 * each) for each in off]} ms behind the picture")
    assert len(off) >= 2
    assert max(map(abs, off)) < IN_STEP_S


def test_names_are_those_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert [microphone_name(name) for name in ("1", "pulse:desk")] == ["plughw:1", "pulse:desk"]
    monkeypatch.setattr("sys.platform", "darwin")
    assert [microphone_name(name) for name in ("1", "MacBook Microphone")] == [":1", ":MacBook Microphone"]


def test_where_nothing_can_be_heard_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(microphones, "_CARDS", tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    monkeypatch.setenv("ALSA_PLUGIN_DIR", str(tmp_path))
    monkeypatch.setattr(microphones, "_CONFIGURATION", tmp_path / "alsa.conf")
    with pytest.raises(NoMicrophone, match=r"alsa\.conf is missing: Debian's package"):
        open_microphone("auto", 2)
    (tmp_path / "alsa.conf").touch()
    with pytest.raises(NoMicrophone, match="ALSA finds no microphone"):
        open_microphone("auto", 2)
    for card in ("card10", "card2"):
        (tmp_path / card / "pcm0c").mkdir(parents=True)
    (tmp_path / "card0" / "pcm0p").mkdir(parents=True)
    assert find_microphones() == ["plughw:2", "plughw:10"]
    monkeypatch.setattr(microphones, "formats_available", set())
    with pytest.raises(NoMicrophone, match="built without ALSA"):
        open_microphone("auto", 2)
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(NoMicrophone, match="not on win32"):
        open_microphone("auto", 2)
