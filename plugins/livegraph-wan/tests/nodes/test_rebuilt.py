"""wan nodes in a graph whose rebuild parameters are turned while it runs."""

import asyncio
from typing import Any

import pytest

from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin


def turned(change: dict[str, Any], frames: int = 40) -> tuple[list[int], Outcome, Run]:
    """The numbers of the pictures that come out offline where `change` is made after some have, and the run."""
    nodes = {
        "pattern": {"use": "media.pattern", "params": {"size": "64x64", "fps": 20}},
        "wan": {"use": "wan.v2v", "in": "pattern", "params": {"model": "wan-nano", "backend": "torch-cpu"}},
        "kept": {"use": "test.collect", "in": "wan"},
    }
    scripted, registry = ScriptedPlugin(), Registry()
    registry.add(scripted, "test")
    document = {"livegraph": 1, "name": "turned", "mode": "offline", "nodes": nodes}
    run = Run(plan_graph(document, registry=registry))

    async def main() -> Outcome:
        playing = asyncio.create_task(run.main(frames / 20))
        while len(scripted.kept.get("kept", [])) < 8:  # noqa: ASYNC110 (the sink tells nobody)
            await asyncio.sleep(0.002)
        run.bus.set(change)
        return await playing

    outcome = asyncio.run(main())
    return [frame.seq for frame, _ in scripted.kept["kept"]], outcome, run


@pytest.mark.parametrize(
    ("change", "cadence"), [({"wan.stream_batch": True, "wan.steps": 3}, (4, 4, 8)), ({"wan.dtype": "fp32"}, (4, 4, 0))]
)
def test_every_picture_comes_although_the_node_answers_later(
    change: dict[str, Any], cadence: tuple[int, int, int]
) -> None:
    pictures, outcome, run = turned(change)
    assert outcome.ok, outcome.error
    assert pictures == list(range(40))
    now = run.workers["wan"].cadence
    assert (now.take, now.give, now.delay) == cadence
