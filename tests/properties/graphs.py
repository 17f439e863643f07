"""Random graphs for the property tests: chains, forks, joins of every kind, chunks, lookahead, faults, and what is done
to them while they run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

MOMENTS = [0.0, 0.01, 0.1, 0.3, 0.55, 0.8, 1.1, 1.7]
FAULTS = [{}, {}, {"skip": 0.3}, {"skip": 1.0}, {"fail": 0.1}, {"fail": 1.0}, {"hang": 0.05}, {"end_after": 9}]
QUIET = {"silent_from": 0.4, "silent_for": 1.2}
LOSSY = ["attached", "latest", {"policy": "drop_oldest", "capacity": 2}]
LIFE = [
    {},
    {},
    {"setup_ms": 40},
    {"setup_ms": 400, "teardown_ms": 300},
    {"reset_ms": 20},
    {"teardown_ms": 2000},
    {"setup_ms": 20_000},
]
"""What set-up, reset and teardown take."""


@dataclass(frozen=True)
class Deed:
    """Something done to a run: `set` parameters, `stop` or `cancel`."""

    at_s: float
    what: str
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Case:
    """A graph as a document, the seed of its schedule, how long it runs, and what is done to it meanwhile."""

    document: dict[str, Any]
    seed: int
    duration_s: float
    deeds: tuple[Deed, ...] = ()

    @property
    def nodes(self) -> dict[str, Any]:
        nodes: dict[str, Any] = self.document["nodes"]
        return nodes

    def params(self, node: str) -> dict[str, Any]:
        params: dict[str, Any] = self.nodes[node].get("params", {})
        return params

    def has(self, *keys: str) -> bool:
        """Whether some node has one of these parameters."""
        return any(self.params(node).get(key) for node in self.nodes for key in keys)

    def most(self, node: str, key: str) -> int:
        """The largest value that a parameter of a node ever has."""
        turned = [value for deed in self.deeds for target, value in deed.values if target == f"{node}.{key}"]
        return max([self.params(node).get(key, 0), *turned])

    def done(self, *whats: str) -> bool:
        """Whether one of these is done to the run."""
        return any(deed.what in whats for deed in self.deeds)


@dataclass(frozen=True)
class Kind:
    """What graphs a property is about. `skips`: nodes leave frames out, and nothing else goes wrong."""

    live: bool
    faults: bool = False
    skips: bool = False
    deeds: bool = False


CADENCES = [{}, {"take": 1, "give": 0}, {"take": 5, "give": 0}, {"delay": 2}, {"take": 4, "give": 0, "delay": 0}]
"""What a rebuild may make of how many frames a node takes."""


@st.composite
def cases(draw: st.DrawFn, kind: Kind) -> Case:
    """A random graph of up to seven nodes behind one or two sources."""
    nodes: dict[str, Any] = {}
    ends = _sources(draw, kind, nodes)
    for number in range(draw(st.integers(1, 7))):
        name = f"n{number}"
        nodes[name] = _node(draw, kind, ends, "aux" in nodes)
        ends.append(name)
    _sinks(draw, kind, nodes, ends)
    return Case(
        {"livegraph": 1, "name": "random", "mode": "live" if kind.live else "offline", "nodes": nodes},
        seed=draw(st.integers(0, 2**31)),
        duration_s=draw(st.sampled_from([1.0, 2.0, 4.0])),
        deeds=tuple(_deed(draw, nodes) for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3])))) if kind.deeds else (),
    )


def _sources(draw: st.DrawFn, kind: Kind, nodes: dict[str, Any]) -> list[str]:
    """The lead source, and at times another whose frames are only held; returns what a node may be fed from."""
    fps = draw(st.sampled_from([8.0, 24.0, 30.0, 60.0]))
    params = {"fps": fps, "live": kind.live, "frames": 0 if kind.live else draw(st.integers(6, 40))}
    if draw(st.booleans()):
        params["restart_pts"] = draw(st.sampled_from([2, 7, 7, 11]))
    if kind.faults:
        params |= draw(st.sampled_from([{}, {}, {}, {"fail_at": 5}, QUIET, {**QUIET, "backlog": True}]))
        params |= draw(st.sampled_from(LIFE))
    nodes["src"] = {"use": "test.source", "params": params}
    if draw(st.integers(0, 4)) == 0:
        nodes["aux"] = {"use": "test.source", "params": {**params, "fps": draw(st.sampled_from([5.0, 25.0]))}}
    if draw(st.integers(0, 4)) > 0:
        return ["src"]
    every = 1 if "restart_pts" in params else draw(st.sampled_from([1, 3]))
    nodes["src"] = {"use": "test.twin", "params": {**params, "side_every": every}}
    return ["src.side", "src.out"]


def _node(draw: st.DrawFn, kind: Kind, earlier: list[str], second_source: bool) -> dict[str, Any]:
    """A node on one earlier node, or on two joined; near ones preferred, so that chains grow."""
    params: dict[str, Any] = {
        "service_ms": draw(st.sampled_from([0, 1, 5, 20, 60, 150])),
        "variation": draw(st.sampled_from([0.0, 0.3, 1.0])),
    }
    shape = draw(st.integers(0, 9))
    if shape < 3:
        take = draw(st.sampled_from([3, 4]))
        params |= {"take": take, "give": draw(st.sampled_from([take, take, 1]))}
    if shape in (2, 3):
        params["delay"] = draw(st.integers(1, 3))
    if kind.faults:
        params |= draw(st.sampled_from(FAULTS)) | draw(st.sampled_from([*LIFE, {"fail_setup": 0.5}]))
    elif kind.skips:
        params["skip"] = draw(st.sampled_from([0.0, 0.0, 0.2, 0.5, 0.9]))
    first = earlier[-1 - draw(st.integers(0, min(2, len(earlier) - 1)))]
    node: dict[str, Any] = {"use": "test.slow", "in": {"video": first}, "params": params, "timeout": 1.0}
    if kind.faults:
        node["on_error"] = draw(st.sampled_from(["skip", "restart", "restart", "stop"]))
    if draw(st.booleans()) and len(earlier) > 1:
        node["use"] = "test.pair"
        other = draw(st.sampled_from([name for name in earlier if name != first]))
        join = draw(st.sampled_from(["exact", "exact", "hold", "nearest"]))
        if second_source and draw(st.booleans()):
            other, join = "aux", draw(st.sampled_from(["hold", "nearest"]))
        node["in"]["other"] = {"from": other, "join": join, "optional": draw(st.booleans())}
    return node


def _sinks(draw: st.DrawFn, kind: Kind, nodes: dict[str, Any], ends: list[str]) -> None:
    """A sink on every loose end; at times another on the side, which may be a recorder."""
    used = {ref if isinstance(ref, str) else ref["from"] for node in nodes.values() for ref in _inputs(node)}
    loose = [end for end in [*ends, *(["aux"] if "aux" in nodes else [])] if end not in used and end != "src.side"]
    for end in loose:
        nodes[f"out_{end.replace('.', '_')}"] = _sink(draw, kind, "test.collect", end)
    if draw(st.booleans()):
        use = draw(st.sampled_from(["test.collect", "test.record"]))
        nodes["side"] = _sink(draw, kind, use, draw(st.sampled_from(ends)))
        if kind.live:
            nodes["side"]["in"]["video"] = {"from": nodes["side"]["in"]["video"], "edge": draw(st.sampled_from(LOSSY))}


def _inputs(node: dict[str, Any]) -> list[Any]:
    return list(node.get("in", {}).values())


def _sink(draw: st.DrawFn, kind: Kind, use: str, end: str) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if kind.faults:
        params |= draw(st.sampled_from([{}, {}, {"end_after": 7}, {"service_ms": 30}])) | draw(st.sampled_from(LIFE))
    return {"use": use, "in": {"video": end}, "params": params}


def _deed(draw: st.DrawFn, nodes: dict[str, Any]) -> Deed:
    at_s, what = draw(st.sampled_from(MOMENTS)), draw(st.sampled_from(["live", "live", "rebuild", "stop", "cancel"]))
    if what in ("stop", "cancel"):
        return Deed(at_s, what)
    chosen = [name for name in nodes if name.startswith("n") and draw(st.booleans())]
    if what == "rebuild":
        values = [(f"{name}.variation", draw(st.sampled_from([0.1, 0.5]))) for name in chosen[:2]]
        for name in chosen[:2]:
            values += [(f"{name}.{key}", value) for key, value in draw(st.sampled_from(CADENCES)).items()]
        values += [("src.fps", draw(st.sampled_from([12.0, 30.0])))] if draw(st.booleans()) else []
    else:
        values = [(f"{name}.service_ms", draw(st.sampled_from([0, 10, 80]))) for name in chosen]
        values += [(f"{name}.tag", 1) for name in nodes if name.startswith("n")]
    return Deed(at_s, "set", tuple(values))
