from __future__ import annotations

from collections.abc import Callable

from livegraph.graph import Plan

Load = Callable[..., Plan]

CAM2WAN = """
name: cam2wan
nodes:
  camera: {use: t.camera}
  wan: {use: t.chunk, in: {video: camera}}
  blend: {use: t.filter, in: wan}
  window: {use: %s, in: blend}
  record: {use: t.record, in: {video: blend}, params: {path: x}}
"""


def edges(plan: Plan) -> dict[str, str]:
    """Wires without converters' names: `camera>wan.video` -> role and policy."""
    return {
        f"{edge.src.node.split('.')[0]}>{edge.dst}.{edge.port}": f"{edge.role} {edge.policy}"
        for edge in plan.edges
        if ":" not in edge.dst
    }


def attached(plan: Plan) -> set[str]:
    return {node.id for node in plan.nodes if node.attached}


def test_the_recording_beside_a_window_steps_back(load: Load) -> None:
    plan = load(CAM2WAN % "t.show")
    assert attached(plan) == {"camera", "wan", "blend", "window"}
    assert edges(plan) == {
        "camera>wan.video": "primary attached",
        "wan>blend.video": "primary attached",
        "blend>window.video": "primary attached",
        "blend>record.video": "primary drop_oldest",
    }
    record = plan.by_id["record"].inputs[0]
    assert (record.capacity, record.max_bytes) == (60, 256 << 20)
    assert plan.by_id["camera"].gated


def test_without_a_display_the_recording_holds_the_credits(load: Load) -> None:
    plan = load(CAM2WAN % "t.preview")
    assert plan.notes == ("window is left out: no display",)
    assert edges(plan)["blend>record.video"] == "primary attached"
    assert attached(plan) == {"camera", "wan", "blend", "record"}


def test_unless_nobody_asks_the_machine(load: Load) -> None:
    assert "window" in load(CAM2WAN % "t.preview", availability=False).by_id


def test_offline_nothing_is_lost(load: Load) -> None:
    plan = load(CAM2WAN % "t.show", mode="offline")
    assert set(edges(plan).values()) == {"primary attached"}
    assert all(node.attached for node in plan.nodes)
    assert plan.by_id["record"].inputs[0].capacity == 8


def test_a_recording_may_be_attached_by_word(load: Load) -> None:
    text = (CAM2WAN % "t.show").replace("{video: blend}", "{video: {from: blend, edge: attached}}")
    assert edges(load(text))["blend>record.video"] == "primary attached"


def test_what_only_feeds_a_held_input_is_detached(load: Load) -> None:
    text = """
nodes:
  camera: {use: t.camera}
  soft: {use: t.rgb, in: camera}
  slow: {use: t.rgb, in: soft}
  style: {use: t.style, in: {video: camera, style: slow}}
  window: {use: t.show, in: style}
"""
    plan = load(text)
    assert edges(plan) == {
        "camera>soft.video": "primary latest",
        "soft>slow.video": "primary latest",
        "camera>style.video": "primary attached",
        "slow>style.style": "hold history",
        "style>window.video": "primary attached",
    }
    assert attached(plan) == {"camera", "style", "window"}
    offline = load(text, mode="offline")
    assert edges(offline)["slow>style.style"] == "hold history"
    assert edges(offline)["camera>soft.video"] == "primary attached"


def test_a_held_branch_may_be_attached_by_word(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  slow: {use: t.rgb, in: camera}
  style: {use: t.style, in: {video: camera, style: {from: slow, edge: attached}}}
  window: {use: t.show, in: style}
"""
    )
    assert edges(plan)["camera>slow.video"] == "primary attached"
    assert edges(plan)["slow>style.style"] == "hold history"


def test_nearest_loses_nothing_on_its_way(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  depth: {use: t.todepth, in: camera}
  style: {use: t.style, in: {video: camera, depth: {from: depth, wait: 50ms}}}
  window: {use: t.show, in: style}
"""
    )
    assert edges(plan)["camera>depth.video"] == "primary attached"
    assert edges(plan)["depth>style.depth"] == "nearest history"
    edge = next(edge for edge in plan.edges if edge.role == "nearest")
    assert (edge.wait_ns, edge.tolerance_ns, edge.optional) == (50_000_000, 100_000_000, True)


def test_a_held_source_is_not_gated(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  second: {use: t.camera}
  soft: {use: t.rgb, in: second}
  mix: {use: t.mix, in: {video: camera, other: second}}
  style: {use: t.style, in: {video: mix, style: soft}}
  window: {use: t.show, in: style}
"""
    )
    assert plan.by_id["camera"].gated
    assert not plan.by_id["second"].gated
    assert edges(plan)["second>mix.other"] == "hold history"
    assert edges(plan)["second>soft.video"] == "primary latest"
    assert [node.leads for node in plan.nodes if node.kind == "sink"] == ["camera"]
    style = next(edge for edge in plan.edges if edge.port == "style")
    assert style.max_age_ns == 2_000_000_000


def test_a_detached_branch_that_forks_and_meets_is_attached(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  soft: {use: t.filter, in: camera}
  mix: {use: t.mix, in: {video: camera, other: soft}}
  window: {use: t.show, in: camera}
  record: {use: t.record, in: {video: mix}, params: {path: x}}
"""
    )
    assert edges(plan)["soft>mix.other"] == "exact attached"
    assert edges(plan)["camera>mix.video"] == "primary attached"
    assert edges(plan)["mix>record.video"] == "primary drop_oldest"
    assert plan.notes[-1] == "mix is attached: the ways that part at camera meet again by time at mix.other"


def test_a_recording_with_sound_stays_detached(load: Load) -> None:
    plan = load(
        """
mode: live
nodes:
  clip: {use: t.clip}
  window: {use: t.show, in: clip.out}
  record: {use: t.record, in: {video: clip.out, sound: clip.sound}, params: {path: x}}
"""
    )
    assert edges(plan)["clip>record.video"] == "primary drop_oldest"
    assert edges(plan)["clip>record.sound"] == "merge drop_oldest"


def test_a_lossy_wire_by_word_detaches_what_follows(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  soft: {use: t.rgb, in: camera}
  slow: {use: t.rgb, in: {from: soft, edge: {policy: drop_oldest, capacity: 3, max_bytes: 1000}}}
  window: {use: t.show, in: soft}
  monitor: {use: t.null, in: slow}
"""
    )
    assert attached(plan) == {"camera", "soft", "window"}
    wire = plan.by_id["slow"].inputs[0]
    assert (wire.policy, wire.capacity, wire.max_bytes) == ("drop_oldest", 3, 1000)
    assert plan.by_id["monitor"].inputs[0].policy == "latest"


def test_where_every_sink_is_cut_off_the_rest_still_holds_credits(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  soft: {use: t.rgb, in: camera}
  window: {use: t.show, in: {from: soft, edge: latest}}
"""
    )
    assert attached(plan) == {"camera", "soft"}
    assert plan.mode == "live"


def test_a_loss_before_the_fork_is_legal(load: Load) -> None:
    plan = load(
        """
nodes:
  camera: {use: t.camera}
  soft: {use: t.filter, in: {from: camera, edge: latest}}
  other: {use: t.filter, in: soft}
  style: {use: t.style, in: {video: camera, style: {from: other, edge: latest}}}
  window: {use: t.show, in: style}
"""
    )
    assert edges(plan)["other>style.style"] == "hold history"


def test_sinks_that_neither_show_nor_record_are_attached(load: Load) -> None:
    plan = load("nodes: {camera: {use: t.camera}, one: {use: t.null, in: camera}, two: {use: t.show, in: camera}}")
    assert attached(plan) >= {"camera", "one", "two"}


def test_sound_from_a_lossy_branch_is_merged_without_credit(load: Load) -> None:
    plan = load(
        """
mode: live
nodes:
  camera: {use: t.camera}
  clip: {use: t.clip}
  quiet: {use: t.quieten, in: {from: clip.sound, edge: latest}}
  record: {use: t.record, in: {video: camera, sound: quiet}, params: {path: x}}
"""
    )
    assert attached(plan) == {"camera", "record"}
    assert edges(plan)["quiet>record.sound"] == "merge drop_oldest"


def test_what_offline_has_no_meaning_is_not_noted(load: Load) -> None:
    plan = load(
        """
nodes:
  file: {use: t.file}
  soft: {use: t.filter, in: file}
  mix: {use: t.mix, in: {video: file, other: soft}}
  sink: {use: t.null, in: file}
  style: {use: t.style, in: {video: file, style: mix}}
  more: {use: t.null, in: style}
"""
    )
    assert not any("attached" in note for note in plan.notes)
