"""Random graphs for the property tests: chains, forks, joins of every kind, chunks, lookahead, faults."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from livegraph.frame import Frame


@dataclass(frozen=True)
class Case:
    """A graph as a document, the seed of its schedule, and how it is run."""

    document: dict[str, Any]
    seed: int
    duration_s: float
    cancel_at_s: float | None

    @property
    def faulty(self) -> bool:
        """Whether some node fails, hangs or skips by itself."""
        params = [node.get("params", {}) for node in self.document["nodes"].values()]
        return any(p.get(key, 0) for p in params for key in ("fail", "hang", "skip"))


@st.composite
def cases(draw: st.DrawFn, *, live: bool, faults: bool) -> Case:
    """A random graph of up to seven nodes behind one or two sources."""
    fps = draw(st.sampled_from([8.0, 24.0, 30.0, 60.0]))
    length = draw(st.integers(6, 40))
    source = {"fps": fps, "live": live, "frames": 0 if live else length}
    if draw(st.booleans()):
        source["restart_pts"] = draw(st.sampled_from([0, 7]))
    nodes: dict[str, Any] = {"src": {"use": "test.source", "params": source}}
    open_ends = ["src"]
    if draw(st.integers(0, 4)) == 0:
        nodes["aux"] = {"use": "test.source", "params": {**source, "fps": draw(st.sampled_from([5.0, 25.0]))}}
    for number in range(draw(st.integers(1, 7))):
        name = f"n{number}"
        nodes[name] = draw(_node(open_ends, "aux" in nodes, live, faults))
        open_ends.append(name)
    _add_sinks(draw, nodes)
    return Case(
        {"livegraph": 1, "name": "random", "mode": "live" if live else "offline", "nodes": nodes},
        seed=draw(st.integers(0, 2**31)),
        duration_s=draw(st.sampled_from([1.0, 2.0, 4.0])),
        cancel_at_s=draw(st.sampled_from([None, None, None, 0.0, 0.3, 1.1])) if faults else None,
    )


@st.composite
def _node(draw: st.DrawFn, earlier: list[str], second_source: bool, live: bool, faults: bool) -> dict[str, Any]:
    """A node on one earlier node, or on two joined; near ones preferred, so that chains grow."""
    params: dict[str, Any] = {
        "service_ms": draw(st.sampled_from([0, 1, 5, 20, 60, 150])),
        "variation": draw(st.sampled_from([0.0, 0.3, 1.0])),
    }
    shape = draw(st.integers(0, 9))
    if shape < 3:
        take = draw(st.sampled_from([3, 4]))
        params |= {"take": take, "give": draw(st.sampled_from([take, take, 1]))}
    elif shape == 3:
        params["delay"] = draw(st.integers(1, 3))
    if faults:
        params |= draw(
            st.sampled_from([{}, {}, {"skip": 0.3}, {"skip": 1.0}, {"fail": 0.1}, {"fail": 1.0}, {"hang": 0.05}])
        )
    first = earlier[-1 - draw(st.integers(0, min(2, len(earlier) - 1)))]
    node: dict[str, Any] = {"use": "test.slow", "in": {"video": first}, "params": params, "timeout": 1.0}
    if faults:
        node["on_error"] = draw(st.sampled_from(["skip", "restart", "restart"])) if live else "skip"
    if draw(st.booleans()) and len(earlier) > 1:
        node["use"] = "test.pair"
        other = draw(st.sampled_from([name for name in earlier if name != first]))
        kind = draw(st.sampled_from(["exact", "exact", "hold", "nearest"]))
        if second_source and draw(st.booleans()):
            other, kind = "aux", draw(st.sampled_from(["hold", "nearest"]))
        node["in"]["other"] = {"from": other, "join": kind, "optional": draw(st.booleans())}
    return node


def _add_sinks(draw: st.DrawFn, nodes: dict[str, Any]) -> None:
    """A sink on every loose end; sometimes another on the side, which may be a recorder."""
    used = {
        ref if isinstance(ref, str) else ref["from"] for node in nodes.values() for ref in node.get("in", {}).values()
    }
    for name in [name for name in nodes if name not in used]:
        nodes[f"out_{name}"] = {"use": "test.collect", "in": name}
    if draw(st.booleans()):
        kind = draw(st.sampled_from(["test.collect", "test.record"]))
        nodes["side"] = {"use": kind, "in": draw(st.sampled_from([n for n in nodes if not n.startswith("out_")]))}


def rising(frames: list[Frame]) -> bool:
    return all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
