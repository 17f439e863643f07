"""Pictures that come back: an echo is as long as it was asked to be, or somebody is told."""

from __future__ import annotations

from typing import Any

import numpy as np
from runtime_support import graph, plugin

from livegraph import Frame, In, Node, Out
from livegraph.runtime.run import Outcome
from livegraph.testing import run_graph
from livegraph.types import AnyPort

FRAME_BYTES = 1000


class Echo(Node):
    """Adds to each picture the number of the one that came back, -1 where none did."""

    video: In[AnyPort]
    past: In[AnyPort] = In(optional=True)
    out: Out[AnyPort]

    async def process(self, video: Frame, past: Frame | None) -> Any:
        number = video.seq
        picture = np.zeros(FRAME_BYTES // 4, np.int32)
        picture[:2] = number, past.data[0] if past is not None else -1
        return picture


def echoes(frames: int, **edge: int) -> tuple[Outcome, list[tuple[int, int]]]:
    """Of every picture that was shown, its number and that of its echo."""
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30.0}},
        "mix": {"use": "test.echo", "in": {"video": "src", "past": {"from": "delay", "optional": True, "edge": edge}}},
        "delay": {"use": "core.delay", "in": "mix", "params": {"frames": frames}},
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), plugins=[plugin(echo=Echo)], duration_s=5, virtual=1)
    return result.outcome, [(int(picture[0]), int(picture[1])) for picture in result.payloads("out")]


def test_an_echo_that_fits_is_as_old_as_asked_and_nobody_is_told() -> None:
    outcome, shown = echoes(60, max_bytes=60 * FRAME_BYTES)
    assert {number - past for number, past in shown[60:]} == {60}
    assert outcome.stats["notes"] == []


def test_an_echo_that_does_not_fit_comes_back_earlier_and_is_told_once() -> None:
    outcome, shown = echoes(60, max_bytes=20 * FRAME_BYTES)
    assert {past for _, past in shown[:60]} == {-1}
    assert {number - past for number, past in shown[60:]} == {20}
    told = [note for note in outcome.stats["notes"] if "past: a delay of 60 frames does not fit" in note]
    assert len(told) == 1
    assert told[0].startswith("node mix: ") and "holds 20" in told[0]
    assert f"max_bytes: {60 * FRAME_BYTES}" in told[0]
    assert outcome.ok


def test_an_echo_longer_than_the_capacity_of_its_wire_is_told_too() -> None:
    outcome, shown = echoes(60, capacity=10)
    assert {number - past for number, past in shown[60:]} == {10}
    assert any("holds 10" in note and "{capacity: 60}" in note for note in outcome.stats["notes"])
