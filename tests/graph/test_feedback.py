from __future__ import annotations

from collections.abc import Callable

import pytest

from livegraph.graph import Plan

Load = Callable[..., Plan]
Told = Callable[..., list[str]]

ECHO = """
nodes:
  camera: {use: t.camera}
  echo: {use: t.echo, in: {video: camera, previous: delay}}
  soft: {use: %s, in: echo}
  delay: {use: core.delay, in: soft, params: {frames: %d}}
  window: {use: t.null, in: soft}
"""


def test_a_delay_in_a_cycle_is_a_wire(load: Load) -> None:
    plan = load(ECHO % ("t.filter", 2))
    assert "delay" not in plan.by_id
    wire = plan.by_id["echo"].inputs[1]
    assert (str(wire.src), wire.role, wire.policy, wire.delay_frames) == ("soft.out", "feedback", "history", 2)
    assert wire.optional
    assert [node.id for node in plan.nodes] == ["camera", "echo", "soft", "window"]
    assert plan.notes == ()
    assert load(ECHO % ("t.filter", 2), mode="offline").by_id["echo"].inputs[1].policy == "history"


def test_delays_in_a_row_add_up(load: Load) -> None:
    text = (ECHO % ("t.filter", 2)).replace("previous: delay", "previous: more") + (
        "  more: {use: core.delay, in: delay, params: {frames: 3}}\n"
    )
    wire = load(text).by_id["echo"].inputs[1]
    assert (str(wire.src), wire.delay_frames) == ("soft.out", 5)


def test_an_echo_without_a_cycle(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  delay: {use: core.delay, in: camera}
  echo: {use: t.echo, in: {video: camera, previous: delay}}
  window: {use: t.null, in: echo}
"""
    )
    assert plan.by_id["echo"].inputs[1].role == "feedback"
    assert str(plan.by_id["echo"].inputs[1].src) == "camera.out"


def test_in_front_of_a_first_input_it_is_a_node(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  delay: {use: core.delay, in: camera, params: {frames: 5}}
  soft: {use: t.filter, in: delay}
  echo: {use: t.echo, in: {video: soft, previous: delay}}
  window: {use: t.null, in: echo}
"""
    )
    assert plan.by_id["soft"].inputs[0].src.node == "delay"
    assert plan.by_id["delay"].formats == {"video": "yuv420p", "out": "yuv420p"}
    assert plan.by_id["echo"].inputs[1].delay_frames == 5


def test_a_reference_may_make_the_input_optional(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  delay: {use: core.delay, in: strict}
  strict: {use: t.strict, in: {video: camera, previous: {from: delay, optional: true}}}
  window: {use: t.null, in: strict}
"""
    )
    assert plan.by_id["strict"].inputs[1].optional


@pytest.mark.parametrize(("node", "least"), [("t.filter", 1), ("t.lag", 3), ("t.chunk", 4), ("t.strictchunk", 4)])
def test_a_delay_must_reach_back_over_what_is_held(node: str, least: int, load: Load, problems: Told) -> None:
    use = f"{node}, in: {{video: echo}}" if node == "t.strictchunk" else f"{node}, in: echo"
    text = ECHO.replace("%s, in: echo", use)
    assert load(text % least).by_id["echo"].inputs[1].delay_frames == least
    if least > 1:
        (told,) = problems(text % (least - 1))
        assert f"a delay of {least - 1} frames can never be met: echo -> soft holds back {least - 1} frames" in told
        assert told.endswith(f"Set frames of delay to {least} or more.")


def test_a_chunk_node_may_feed_itself(load: Load, problems: Told) -> None:
    text = """
nodes:
  camera: {use: t.camera}
  echo: {use: t.strictchunk, in: {video: camera, previous: delay}}
  delay: {use: core.delay, in: echo, params: {frames: %d}}
  window: {use: t.null, in: echo}
"""
    assert load(text % 4).by_id["echo"].inputs[1].delay_frames == 4
    assert "holds back 3 frames" in problems(text % 3)[0]


def test_every_knot_is_told_once(problems: Told) -> None:
    told = problems(
        """
nodes:
  camera: {use: t.camera}
  a: {use: t.echo, in: {video: camera, previous: c}}
  b: {use: t.echo, in: {video: a, previous: c}}
  c: {use: t.filter, in: b}
  d: {use: t.filter, in: d}
  sink: {use: t.null, in: c}
"""
    )
    assert len(told) == 2
    assert "a cycle: a -> b -> c -> a. Put core.delay between c and a" in told[0]
    assert "a cycle: d -> d. Put core.delay between d and d" in told[1]
