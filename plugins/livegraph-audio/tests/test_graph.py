"""Sound that drives a parameter of the picture beside it, through real graphs and a real film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from film_support import write_film

from livegraph import Frame, In, Node, NodeSpec, Out, Param, Video, hookimpl
from livegraph.graph import Plan, plan_graph
from livegraph.registry import Registry
from livegraph.testing import RunResult, ScriptedPlugin, run_graph
from livegraph.types import AnyPort

FLASHES = (10, 30, 31, 32, 44)


class Marked(Node):
    """Whether a picture is white, and what its parameter says at it."""

    video: In[Video] = In(formats=("yuv420p",))
    out: Out[AnyPort]
    mark: float = Param(0.5, ge=0, le=1, live=True, doc="what follows the sound")

    async def process(self, video: Frame) -> Any:
        return bool(video.data.y.mean() > 128), self.mark


class Brings:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.marked", Marked)]


def graph(path: Path, mode: str = "offline", mark: Any = None, **nodes: Any) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "mode": mode,
        "nodes": {
            "film": {"use": "media.file", "params": {"path": str(path)}},
            "level": {"use": "audio.level", "in": "film.audio", "params": {"release": 0.0}},
            "marked": {"use": "test.marked", "in": "film.out", "params": {"mark": mark or {"from": "level.rms"}}},
            "out": {"use": "test.collect", "in": "marked"},
            **nodes,
        },
    }


def play(document: dict[str, Any], **how: Any) -> RunResult:
    result = run_graph(document, plugins=[Brings()], **how)
    assert result.outcome.ok, result.outcome.error
    return result


def marks(result: RunResult) -> list[float]:
    return [mark for _, mark in result.payloads("out")]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, sound in blocks of a few milliseconds: raw samples, so that clicks are where they are written."""
    return write_film(tmp_path_factory.mktemp("film") / "x.mkv", 2.0, FLASHES, codec="pcm_s16le", format="s16")


def test_a_parameter_is_high_exactly_at_the_pictures_that_beep(film: Path) -> None:
    result = play(graph(film))
    assert len(result.frames("out")) == 50
    loud = [index for index, mark in enumerate(marks(result)) if mark > 0.5]
    assert loud == [index for index, (white, _) in enumerate(result.payloads("out")) if white] == list(FLASHES)
    assert all(mark == 0 for index, mark in enumerate(marks(result)) if index not in FLASHES)


def test_offline_it_repeats_exactly_however_tasks_were_interleaved(film: Path) -> None:
    level = {"use": "audio.level", "in": "film.audio", "params": {"release": 0.1, "attack": 0.05}}
    document = graph(film, mark={"from": "level.mid"}, level=level)
    first = marks(play(document, shuffled=1))
    assert len(set(first)) > 3
    assert all(marks(play(document, shuffled=seed)) == first for seed in (2, 3))


def test_blocks_that_do_not_begin_with_a_picture_are_at_most_a_block_late(tmp_path: Path) -> None:
    result = play(graph(write_film(tmp_path / "x.mp4", 2.0, (10, 30))))
    loud = [index for index, mark in enumerate(marks(result)) if mark > 0.5]
    assert set(loud) <= {10, 11, 30, 31}
    assert {index // 20 for index in loud} == {0, 1}


@pytest.mark.parametrize("sound_s", [0.6, 3.0])
def test_sound_that_ends_before_the_pictures_or_after_them(tmp_path: Path, sound_s: float) -> None:
    path = write_film(tmp_path / "x.mkv", 2.0, (5, 10), codec="pcm_s16le", format="s16", sound_s=sound_s)
    result = play(graph(path))
    assert len(result.frames("out")) == 50
    assert [index for index, mark in enumerate(marks(result)) if mark > 0.5] == [5, 10]


def test_without_sound_the_parameter_stays_as_it_is(tmp_path: Path, film: Path) -> None:
    import av

    path = tmp_path / "silent.mkv"
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    for mode in ("offline", "live"):
        result = play(graph(path, mode))
        assert set(marks(result)) == {0.5}
    assert len(play(graph(path)).frames("out")) == 50


def plan(document: dict[str, Any]) -> Plan:
    registry = Registry()
    for brought in (Brings(), ScriptedPlugin()):
        assert registry.add(brought, type(brought).__name__).state == "loaded"
    return plan_graph(document, registry=registry)


def test_live_the_level_holds_no_credits_and_loses_no_sound_while_a_little_waits(film: Path) -> None:
    planned = plan(graph(film, "live"))
    assert not planned.by_id["level"].attached
    assert planned.by_id["marked"].attached
    policies = {edge.id: edge.policy for node in planned.nodes for edge in node.inputs}
    assert policies["film.audio->level.audio"] == "drop_oldest"
    assert policies["level.rms->marked.mark"] == "history"


def test_live_pictures_wait_for_no_sound(film: Path) -> None:
    """The level hears nothing while its block is in work; then the last value stands."""
    slow = {"use": "test.slow", "in": "film.audio", "params": {"service_ms": 400}}
    result = play(graph(film, "live", slow=slow, level={"use": "audio.level", "in": "slow"}))
    assert result.stats["sources"]["film"]["dropped"].get("gate", 0) == 0
    assert len(result.frames("out")) == 50


def test_live_the_parameter_follows_too(film: Path) -> None:
    level = {"use": "audio.level", "in": "film.audio", "params": {"release": 1.0}}
    heard = [frame.data[1] for frame in play(graph(film, "live", level=level)).frames("out") if frame.data[1] != 0.5]
    assert heard[0] == 0
    assert max(heard) > 0.3
