"""What holds for every run, whatever the graph, its faults, and what was done to it.

Each law returns the breaches that it found, as lines for a person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from playing import Played, SeenEdge

from livegraph.runtime.run import DRAIN_S
from livegraph.runtime.timeline import SLACK_NS
from livegraph.testing import Call

GRACE_S = 2.0
"""How long set-ups and teardowns of the scripted nodes take at most, each."""


def breaches(played: Played) -> list[str]:
    """All laws that hold always."""
    laws = (
        settled,
        lifecycles,
        order,
        accounts,
        passed_on,
        conserved,
        chunks,
        resets,
        partners,
        fresh,
        switched,
        ended_in_time,
    )
    return [*played.breaches, *(line for law in laws for line in law(played))]


def settled(played: Played) -> Iterator[str]:
    """Every ticket that was issued has settled, and every credit is home."""
    tickets = played.stats["tickets"]
    if tickets["issued"] != tickets["settled"]:
        yield f"tickets: {tickets}"
    for name, source in played.run.sources.items():
        if source.gate is not None and source.gate.out:
            yield f"{name}: {source.gate.out} credits are still out"


def lifecycles(played: Played) -> Iterator[str]:
    """What was set up is torn down, to the end; one call at a time, and none before or after."""
    for name, diary in played.scripted.diaries.items():
        yield from (f"{name}: {breach}" for breach in diary.breaches)
        if not diary.setups == diary.teardowns == diary.closed:
            yield f"{name}: {diary.setups} set-ups, {diary.teardowns} teardowns, {diary.closed} of them complete"
        if diary.setups != played.stats["nodes"][name]["restarts"] + 1 and not _rebuilt(played, name):
            yield f"{name}: {diary.setups} set-ups, {played.stats['nodes'][name]['restarts']} restarts"


def _rebuilt(played: Played, name: str) -> bool:
    """Whether a node may have been made anew, or not at all, without a failure."""
    return played.case.done("set", "stop", "cancel") or not played.run.opened


def order(played: Played) -> Iterator[str]:
    """On every edge, and so at every sink, pts rise strictly, and no bound is broken."""
    for edge in played.edges:
        yield from edge.breaches
    for name, kept in played.scripted.kept.items():
        if any(a.pts_ns >= b.pts_ns for (a, _), (b, _) in pairwise(kept)):
            yield f"{name}: pts do not rise"
    yield from (note for note in played.stats["notes"] if "pts does not rise" in note)


def accounts(played: Played) -> Iterator[str]:
    """A node's book. Every frame that it took went into a call that returned, or was dropped, or was answered by a Gap
    because the node was down. With `frames` those of completed calls, and an error both a drop and a Gap:

        in = frames + dropped + (gaps - errors - calls that gave nothing)

    and so for a node that gives one frame for one: in = out + dropped + gaps - errors. A join's gaps are also sets that
    found no partner, so there it is an upper bound; and of a chunk that was filled up (offline) the node may have given
    only what is cut off. What a lookahead owes when it is closed was in a call, and is dropped all the same.
    """
    for name, worker in played.run.workers.items():
        taken, booked, down = _book(played, name)
        spare = down if len(worker.inlets) > 1 else sum(_filled_up(call) for call in played.diary(name).calls)
        owed = _owed(played, name)
        if not booked + down - spare - owed <= taken <= booked + max(down, 0) + owed:
            yield f"{name}: {taken} frames taken, {booked} accounted for, {down} while down"
        if worker.plan.kind == "node":
            yield from _given(played, name)
    for name, source in played.stats["sources"].items():
        gated = played.run.sources[name].gate is not None
        if gated and source["offered"] != source["admitted"] + sum(source["dropped"].values()):
            yield f"{name}: {source}"


def _book(played: Played, name: str) -> tuple[int, int, int]:
    """Frames taken, frames accounted for, and those answered while the node was down."""
    stats, worker, diary = played.stats["nodes"][name], played.run.workers[name], played.diary(name)
    primary = next(edge for edge in played.edges if edge.plan is worker.plan.inputs[0])
    complete = [call for call in diary.calls if call.given is not None]
    frames = sum(len({frame.pts_ns for frame in call.frames}) for call in complete)
    empty = sum(call.given == 0 for call in complete) if worker.plan.kind == "node" else 0
    taken = primary.popped if len(worker.inlets) == 1 else stats["frames_in"]
    return taken, frames + played.dropped(name).total(), stats["gaps"] - stats["errors"] - empty


def _owed(played: Played, name: str) -> int:
    """How many frames a lookahead may have owed, over all objects that were made of the node; its calls that gave
    nothing while it filled are no gaps.
    """
    delay, take = (played.case.most(name, key) for key in ("delay", "take"))
    return (delay + max(take, 1)) * (1 + played.diary(name).setups + len(resets_of(played, name))) if delay else 0


def resets_of(played: Played, name: str) -> list[Call]:
    """The first calls after a reset, or of a new object."""
    return [call for call in played.diary(name).calls if call.fresh]


def _given(played: Played, name: str) -> Iterator[str]:
    """What came out is what the calls gave. (A chunk that was filled up gives less than its node made of it.)"""
    stats, diary = played.stats["nodes"][name], played.diary(name)
    made = diary.flushed + sum(call.given or 0 for call in diary.calls)
    whole = not any(_filled_up(call) for call in diary.calls)
    if stats["frames_out"] > made or (whole and stats["frames_out"] != made):
        yield f"{name}: {stats['frames_out']} frames out, {made} made"


def _filled_up(call: Call) -> bool:
    """Whether a chunk's last frame stands in it more than once."""
    return len({frame.pts_ns for frame in call.frames}) < len(call.frames)


def passed_on(played: Played) -> Iterator[str]:
    """A node that gives one frame for one, and skips none, gives what it took, however late, made anew or not."""
    for name, worker in played.run.workers.items():
        stats, params = played.stats["nodes"][name], played.case.params(name)
        spoilt = stats["errors"] or played.cancelled or params.get("skip") or params.get("end_after")
        if worker.plan.kind != "node" or spoilt or params.get("take", 1) != params.get("give", 1):
            continue
        complete = [call for call in played.diary(name).calls if call.given is not None]
        frames = sum(len({frame.pts_ns for frame in call.frames}) for call in complete)
        if frames != stats["frames_out"]:
            yield f"{name}: {frames} frames in calls, {stats['frames_out']} out"


def conserved(played: Played) -> Iterator[str]:
    """What is put on an edge is taken from it, or dropped and counted. What lies there when a receiver ends by itself,
    and what comes later, found no partner: that is no drop.
    """
    for edge in played.edges:
        dropped, lost = sum(edge.dropped.values()), edge.puts - edge.popped - edge.late
        if dropped > lost or len(edge.entries):
            yield f"{edge.plan.id}: {edge.puts} put, {edge.popped} taken, {edge.dropped}"
        alone = len(played.run.workers[edge.plan.dst].inlets) == 1
        if alone and not _ends_early(played, edge.plan.dst) and lost != dropped:
            yield f"{edge.plan.id}: {lost} lost, {dropped} counted"
        produced = played.stats["nodes"][edge.plan.src.node]["frames_out"]
        if edge.puts != produced and played.case.nodes[edge.plan.src.node]["use"] != "test.twin":
            yield f"{edge.plan.id}: {edge.puts} put, {produced} produced"


def _ends_early(played: Played, node: str) -> bool:
    if played.cancelled:  # then all close at once: which were done before cannot be told where branches meet
        return played.case.has("end_after") or any(len(worker.inlets) > 1 for worker in played.run.workers.values())
    return bool(played.case.params(node).get("end_after")) or played.run.workers[node].outlet.deserted


def chunks(played: Played) -> Iterator[str]:
    """A chunk holds frames of one stretch of time, one after another."""
    for name, diary in played.scripted.diaries.items():
        for call in diary.calls:
            if len({frame.meta["lap"] for frame in call.frames}) > 1:
                yield f"{name}: a chunk straddles a jump: {_numbers(call)}"
            if any(frame.discontinuity for frame in call.frames[1:] if frame is not call.frames[0]):
                yield f"{name}: a chunk holds a mark of a jump: {_numbers(call)}"
            if _filled_up(call) and played.run.plan.mode == "live":
                yield f"{name}: a chunk with a frame twice: {_numbers(call)}"
        yield from _short(played, name)
        yield from _together(played, name)


def _together(played: Played, name: str) -> Iterator[str]:
    """Live, no frame of a chunk is further than twice its length from the first, whatever was refused, skipped or lost
    in between; but where a node before it thins the frames out, none is next to another.
    """
    worker = played.run.workers.get(name)
    thinned = any(params.get("give", 0) == 1 for params in map(played.case.params, played.case.nodes))
    if worker is None or played.run.plan.mode != "live" or thinned:
        return
    for call in played.diary(name).calls:
        longest = 2 * len(call.frames) * _longest_period_ns(played, name)
        span = call.frames[-1].pts_ns - call.frames[0].pts_ns
        if span > longest:
            yield f"{name}: a chunk spans {span / 1e9:.2f} s, {longest / 1e9:.2f} s are the most: {_numbers(call)}"


def _short(played: Played, name: str) -> Iterator[str]:
    """A chunk that does not fill for twice its length is given up: none spans a pause of the source. (Where frames come
    to it straight from the source, whose rate stays, and meet no others. The first may have waited for a call to end.)
    """
    reference, src = played.case.nodes[name].get("in", {}).get("video"), played.case.params("src")
    if played.case.nodes[name]["use"] != "test.slow" or reference not in ("src", "src.out"):
        return
    if played.run.plan.mode != "live" or played.case.done("set"):
        return
    params = played.case.params(name)
    call_s = params.get("service_ms", 0) / 1000 * (1 + params.get("variation", 0))
    call_s = max(call_s, played.run.workers[name].plan.timeout_s + GRACE_S if params.get("hang") else 0)
    longest = 2 * params.get("take", 1) / src["fps"] * 1.3 + max(0.1, 1.1 * call_s)
    for call in played.diary(name).calls:
        span = (call.frames[-1].captured_ns - call.frames[0].captured_ns) / 1e9
        if span > longest:
            yield f"{name}: a chunk of {span:.2f} s, {longest:.2f} s are the most: {_numbers(call)}"


def _numbers(call: Call) -> list[int]:
    return [frame.seq for frame in call.frames]


def resets(played: Played) -> Iterator[str]:
    """A node forgets before it sees a frame that does not follow the last."""
    for name, diary in played.scripted.diaries.items():
        if played.case.nodes[name]["use"] not in ("test.slow", "test.pair", "test.record"):
            continue
        for before, call in pairwise(diary.calls):
            if before.frames[0].meta["lap"] != call.frames[0].meta["lap"] and not call.fresh:
                yield f"{name}: no reset between {_numbers(before)} and {_numbers(call)}"
            if call.frames[0].pts_ns <= before.frames[-1].pts_ns:
                yield f"{name}: {_numbers(call)} after {_numbers(before)}"


def partners(played: Played) -> Iterator[str]:
    """An exact partner is of the same moment, a held one of none that is still to come. Offline it is the one that the
    rule names among all that ever came: `exact` the one of the same pts, `hold` the newest at or before, `nearest` the
    nearest within half a period.
    """
    for name, worker in played.run.workers.items():
        inlet = worker.inlets.get("other")
        if not isinstance(inlet, SeenEdge):
            continue
        yield from _sets(played, name, inlet)
        reach = _longest_period_ns(played, name) // 2
        for call in played.diary(name).calls:
            other = call.others["other"]
            for mine, its in zip(call.frames, other if isinstance(other, list) else [other], strict=False):
                if its is None and not inlet.plan.optional:
                    yield f"{name}: no partner at {mine.pts_ns}"
                if its is not None and inlet.plan.role == "exact" and mine.meta["lap"] != its.meta["lap"]:
                    yield f"{name}: laps {mine.meta['lap']} and {its.meta['lap']} meet at {mine.pts_ns}"
                if not _meets(inlet, mine.pts_ns, None if its is None else its.pts_ns, reach):
                    yield f"{name}: {inlet.plan.role} met {its and its.pts_ns} at {mine.pts_ns}"


def _longest_period_ns(played: Played, name: str) -> int:
    """The longest that a join may have taken the source's period for: live it is measured, and the rate may change."""
    measured = played.run.workers[name].join.period_ns
    if played.run.plan.mode != "live":
        return measured
    rates = [played.case.params("src")["fps"]]
    rates += [value for deed in played.case.deeds for target, value in deed.values if target == "src.fps"]
    return max(measured, round(1.3e9 / min(rates)))


def _sets(played: Played, name: str, inlet: SeenEdge) -> Iterator[str]:
    """Offline, and nothing went wrong: every set of exact partners that is complete was taken."""
    if (
        inlet.live
        or inlet.plan.role != "exact"
        or played.done_s
        or not played.outcome.ok
        or played.case.has("end_after")
    ):
        return
    primary = next(edge for edge in played.edges if edge.plan is played.run.workers[name].plan.inputs[0])
    complete = len(primary.came if inlet.plan.optional else set(primary.came) & set(inlet.came))
    if played.stats["nodes"][name]["frames_in"] != complete:
        yield f"{name}: {played.stats['nodes'][name]['frames_in']} sets taken, {complete} were complete"


def _meets(inlet: SeenEdge, mine: int, its: int | None, reach: int) -> bool:
    """Live, what a history had lost or not yet got may be missing."""
    role = inlet.plan.role
    rising = inlet.came
    if role == "exact":
        return its == mine or (its is None and (inlet.live or mine not in rising))
    if inlet.live:
        return its is None or (its <= mine if role == "hold" else abs(its - mine) <= reach)
    if role == "hold":
        at = bisect_right(rising, mine)
        return its == (rising[at - 1] if at else None)
    near = min((abs(pts - mine) for pts in rising if abs(pts - mine) <= reach), default=None)
    return (its is None) == (near is None) and (its is None or abs(its - mine) == near)


def fresh(played: Played) -> Iterator[str]:
    """Live, no sink shows a frame that is older than the deadline. A source whose pts stray from our clock (they jump,
    or it is opened again, or brings a backlog) may add as much as it may stray before it is put right.
    """
    strays = played.case.has("restart_pts", "fail_at", "backlog") or played.case.done("set")
    allowed = played.deadline_ns + (SLACK_NS if strays else 0) + 1_000_000
    for name, kept in played.scripted.kept.items():
        if played.run.plan.mode == "live" and played.case.nodes[name]["use"] == "test.collect":
            oldest = max((when - frame.captured_ns for frame, when in kept), default=0)
            if oldest > allowed:
                yield f"{name}: shown {oldest / 1e9:.3f} s old, the deadline is {played.deadline_ns / 1e9:.3f} s"


def switched(played: Played) -> Iterator[str]:
    """All nodes switch parameters on the same frame of the source. (One made anew takes the newest at once.)"""
    sets = sorted((deed for deed in played.case.deeds if deed.what == "set"), key=lambda deed: deed.at_s)
    if len(played.thresholds) != len(sets):
        return  # some came before the run was open, or after its end
    first = next((at for at, deed in zip(played.thresholds, sets, strict=True) if ("n0.tag", 1) in deed.values), None)
    for name, diary in played.scripted.diaries.items():
        if diary.setups > 1 or played.run.all_workers[name].plan.kind != "node":
            continue
        for call in diary.calls:
            pts_ns = call.frames[0].pts_ns
            if call.params.tag != (first is not None and pts_ns >= first):
                yield f"{name}: tag {call.params.tag} at {pts_ns}, the change holds from {first}"


def ended_in_time(played: Played) -> Iterator[str]:
    """A stop drains and a cancel closes within their deadlines."""
    done = played.done_s
    if "stop" in done and played.ended_s > done["stop"] + DRAIN_S + 2 * GRACE_S:
        yield f"stopped at {done['stop']:.2f} s, ended at {played.ended_s:.2f} s"
    if "cancel" in done and played.ended_s > done["cancel"] + 2 * GRACE_S:
        yield f"cancelled at {done['cancel']:.2f} s, ended at {played.ended_s:.2f} s"


LAWS = (
    settled,
    lifecycles,
    order,
    accounts,
    passed_on,
    conserved,
    chunks,
    resets,
    partners,
    fresh,
    switched,
    ended_in_time,
)
