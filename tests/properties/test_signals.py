"""Random signals of signals: what a node sees depends on its frames and on the changes, on no schedule."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livegraph import Frame, In, Node, NodeSpec, Out, Param, Signal, hookimpl
from livegraph.testing import run_graph
from livegraph.types import AnyPort

EXAMPLES = 40
FRAMES = 30


class Marked(Node):
    """Each picture with what its parameter was on the way."""

    video: In[AnyPort]
    out: Out[AnyPort]
    mark: float = Param(0.0, live=True, doc="a mark")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else ()
        return (*marks, self.mark)


class Pulse(Node):
    """A streamed signal."""

    video: In[AnyPort]
    out: Out[Signal]

    async def process(self, video: Frame) -> float:
        return video.seq % 7 / 7


class Brings:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.marked", Marked), NodeSpec("test.pulse", Pulse)]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Up to six signals, each of earlier ones; the last feeds a node before slow work and one behind it."""
    signals: dict[str, Any] = {"pulse": {"use": "test.pulse", "in": "src"}} if draw(st.booleans()) else {}
    computed: list[str] = []
    for number in range(draw(st.integers(1, 6))):
        name, earlier = f"s{number}", list(signals)
        signals[name] = draw(_math(earlier)) if earlier and draw(st.booleans()) else draw(_origin(computed))
        if "pulse" not in signals:
            computed.append(name)
    wire: dict[str, Any] = {"from": name, "range": draw(st.sampled_from([[0, 1], [1, -1]]))}
    wire["smooth"] = draw(st.sampled_from(["0s", "30ms", "1s"]))
    work = draw(st.sampled_from([{"service_ms": 70}, {"take": 4, "give": 4}, {"skip": 0.3}, {"delay": 2}]))
    nodes = {
        "src": {"use": "test.source", "params": {"frames": FRAMES, "live": False}},
        **signals,
        "before": {"use": "test.marked", "in": "src", "params": {"mark": wire}},
        "work": {"use": "test.slow", "in": "before", "params": {"service_ms": 1, "variation": 1.0, **work}},
        "behind": {"use": "test.marked", "in": "work", "params": {"mark": wire}},
        "out": {"use": "test.collect", "in": "behind"},
    }
    return {"livegraph": 1, "name": "signals", "mode": "offline", "nodes": nodes}


def _math(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    operations = st.sampled_from(["map", "clamp", "smooth", "sum", "product", "min", "max"])
    return st.builds(
        lambda a, b, op: {"use": "core.math", "in": {"a": a, "b": b}, "params": {"op": op, "constant": 0.5}},
        st.sampled_from(earlier),
        st.sampled_from(earlier),
        operations,
    )


def _origin(computed: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """An oscillator or an envelope; at times a parameter of it follows an earlier one."""
    rates = [0.5, 3.0, *({"from": name, "range": [0.5, 4]} for name in computed)]
    swing = st.builds(
        lambda rate, shape: {"use": "core.lfo", "params": {"frequency": rate, "shape": shape}},
        st.sampled_from(rates),
        st.sampled_from(["sine", "square", "random-smooth"]),
    )
    beat = st.builds(
        lambda every, attack: {"use": "core.envelope", "params": {"every": every, "attack": attack}},
        st.sampled_from([0.13, 0.4]),
        st.sampled_from([0.0, 0.1, *({"from": name} for name in computed)]),
    )
    return st.one_of(swing, beat)


@settings(max_examples=EXAMPLES)
@given(documents(), st.integers(0, 2**31))
def test_offline_every_schedule_gives_the_same_and_all_who_see_every_frame_agree(
    document: dict[str, Any], seed: int
) -> None:
    seen = []
    for each in (seed, seed + 1):
        result = run_graph(document, plugins=[Brings()], virtual=each)
        assert result.outcome.ok, result.outcome.error
        seen.append([(frame.pts_ns, frame.data) for frame in result.frames("out")])
    assert seen[0] == seen[1]
    assert seen[0]
    if "skip" not in document["nodes"]["work"]["params"]:
        assert len(seen[0]) == FRAMES
        assert all(before == behind for _, (before, behind) in seen[0])
