"""The benches that the plugins of this repository bring: they load, and their graphs hold together."""

from __future__ import annotations

import inspect
from fractions import Fraction
from pathlib import Path

import pytest

from livegraph.graph import plan_graph
from livegraph.registry import registry, resolve
from livegraph.testing import run_graph


@pytest.mark.parametrize("name", ["runtime", "media", "crash", "wan", "wan-nano"])
def test_each_bench_loads_and_takes_quick(name: str) -> None:
    spec = registry().benches()[name]
    function = resolve(spec.target)
    said = {option.name.replace("-", "_"): None for option in spec.options}
    assert inspect.signature(function).bind(quick=True, **said)
    assert inspect.isgeneratorfunction(function)


def test_the_cores_own_bench_comes_first() -> None:
    assert next(iter(registry().benches())) == "runtime"


def test_pictures_that_stay_are_not_counted_twice(tmp_path: Path) -> None:
    bench = pytest.importorskip("livegraph_wan.bench.live")
    film = tmp_path / "film.mp4"
    still = {"use": "media.images", "params": {"path": str(tmp_path / "*.png"), "fps": 10}}
    record = {"use": "media.record", "in": "still", "params": {"path": str(film)}}
    for number, level in enumerate((40, 40, 90, 90, 90, 40)):
        write_png(tmp_path / f"{number}.png", level)
    result = run_graph({"livegraph": 1, "name": "stills", "nodes": {"still": still, "record": record}}, mode="offline")
    assert result.outcome.ok, result.outcome.error
    assert bench.distinct_pictures(film) == 3


def write_png(path: Path, level: int) -> None:
    import av
    import numpy as np

    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "rgb24"
    encoder.time_base = Fraction(1, 10)
    frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), level, np.uint8), "rgb24")
    path.write_bytes(b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))))


def test_the_graph_of_the_media_bench_never_leaves_yuv(tmp_path: Path) -> None:
    sides = pytest.importorskip("livegraph_media.bench.sides", exc_type=ImportError)
    plan = plan_graph(sides.document(tmp_path / "in.mp4", tmp_path / "out.mp4"), registry=registry())
    assert plan.mode == "offline"
    assert {edge.format for edge in plan.edges} == {"yuv420p"}
    assert not [node for node in plan.nodes if node.type == "core.convert"]
