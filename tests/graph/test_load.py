from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livegraph import GraphError, PipelineSpec, hookimpl
from livegraph.graph import Plan, load_plan, plan_graph
from livegraph.registry import Registry

Load = Callable[..., Plan]
Told = Callable[..., list[str]]

SMALL = """\
livegraph: 1
nodes:
  camera: {use: t.camera}
  filter: {use: t.filter, in: camera, params: {ratio: 0.3}}
  sink: {use: t.null, in: filter}
controls:
  strength: {target: filter.ratio, range: [0.1, 0.9]}
presets:
  strong: {strength: 0.8, filter.mode: pair}
"""


def refused(source: str | Path, registry: Registry) -> str:
    with pytest.raises(GraphError) as caught:
        load_plan(source, registry=registry)
    return str(caught.value)


def test_a_missing_file_offers_its_neighbour(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "cam2wan.yaml").write_text(SMALL)
    path = tmp_path / "camwan.yaml"
    assert refused(path, registry) == f"{path}: there is no such file. Did you mean {tmp_path / 'cam2wan.yaml'}?"


def test_a_folder_is_no_graph(tmp_path: Path, registry: Registry) -> None:
    assert refused(tmp_path, registry) == f"{tmp_path}: this is a folder; a graph is a YAML file"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", ": the file is empty. A graph file begins with `livegraph: 1`."),
        (b"# only a comment\n", ": the file is empty. A graph file begins with `livegraph: 1`."),
        (b"livegraph: 1\nname: caf\xe9\n", ":2: the file is not UTF-8 text"),
        (b"livegraph: 1\nname: a\x07b\n", ":2: not valid YAML: character U+0007 is not allowed"),
        (b'livegraph: 1\nname: "\\ud800"\n', ":2:7: not valid YAML: an escape that stands for half a character"),
        (b'name: "\\U00110000"\n', ": not valid YAML: an escape that stands for no character"),
        (b"#" * ((1 << 20) + 1), ": the file is larger than 1 MiB"),
    ],
    ids=["empty", "comment", "latin-1", "bell", "surrogate", "beyond unicode", "large"],
)
def test_what_is_no_text(raw: bytes, told: str, tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "graph.yaml"
    path.write_bytes(raw)
    assert refused(path, registry) == f"{path}{told}"


def test_a_name_that_no_file_can_have(registry: Registry) -> None:
    name = "x" * 5000 + ".yaml"
    assert refused(name, registry) == f"{name}: the file cannot be read: File name too long"
    assert refused("x" * 5000, registry) == f"{'x' * 5000}: there is no such file, and no such pipeline"


def test_a_byte_order_mark_is_no_problem(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(SMALL, encoding="utf-8-sig")
    assert load_plan(path, registry=registry).name == "graph"


def test_a_pipeline_is_found_by_name(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "shipped.yaml"
    path.write_text(SMALL)

    class Ships:
        livegraph_api = "1"

        @hookimpl
        def livegraph_pipelines(self) -> list[PipelineSpec]:
            return [PipelineSpec("passthrough", str(path))]

    registry.add(Ships(), "ships")
    assert load_plan("passthrough", registry=registry).path == str(path)
    assert refused("pasthrough", registry) == (
        "pasthrough: there is no such file, and no such pipeline. Did you mean passthrough?"
    )


def test_python_data_makes_the_same_plan(load: Load, registry: Registry) -> None:
    document: dict[str, Any] = {
        "livegraph": 1,
        "nodes": {
            "camera": {"use": "t.camera"},
            "filter": {"use": "t.filter", "in": "camera", "params": {"ratio": 0.3}},
            "sink": {"use": "t.null", "in": "filter"},
        },
    }
    plan = plan_graph(document, registry=registry)
    assert plan.nodes == load(SMALL).nodes
    assert plan.name == "graph"


def test_python_data_that_is_wrong_is_told(registry: Registry) -> None:
    loop: dict[str, Any] = {}
    loop["nodes"] = loop
    with pytest.raises(GraphError, match="nested deeper than 20 levels"):
        plan_graph(loop, registry=registry)
    with pytest.raises(GraphError, match=r"graph: the graph has no nodes\."):
        plan_graph({"livegraph": 1}, registry=registry)


def test_the_mode_is_asked_then_written_then_found(load: Load) -> None:
    assert load(SMALL).mode == "live"
    assert load(SMALL.replace("t.camera", "t.file")).mode == "offline"
    assert load(SMALL + "mode: offline\n").mode == "offline"
    assert load(SMALL + "mode: offline\n", mode="live").mode == "live"
    assert load(SMALL + "mode: auto\n").mode == "live"


def test_a_live_source_that_is_only_held_has_no_say(load: Load) -> None:
    plan = load(
        """
nodes:
  file: {use: t.file}
  camera: {use: t.camera}
  style: {use: t.style, in: {video: file, style: camera}}
  sink: {use: t.null, in: style}
"""
    )
    assert plan.mode == "offline"


def test_on_error_and_timeout(load: Load) -> None:
    text = SMALL.replace("use: t.filter,", "use: t.filter, on_error: skip, timeout: 500ms,")
    live = load(text)
    assert [node.on_error for node in live.nodes] == ["restart", "skip", "restart"]
    assert [node.timeout_s for node in live.nodes] == [10.0, 0.5, 10.0]
    assert [node.on_error for node in load(text, mode="offline").nodes] == ["stop", "skip", "stop"]


def test_times_of_the_graph(load: Load) -> None:
    plan = load(SMALL + "latency_budget: 400ms\ndeadline: 1.5\nseed: 7\n")
    assert (plan.latency_budget_ns, plan.deadline_ns, plan.seed) == (400_000_000, 1_500_000_000, 7)


class TestSets:
    def test_values_go_over_the_file(self, load: Load) -> None:
        plan = load(SMALL, sets=["filter.ratio=0.5", "filter.mode=pair", "filter.taps=[1, 2]", "camera.size=3"])
        params = plan.by_id["filter"].params
        assert (params.ratio, params.mode, params.taps) == (0.5, "pair", [1.0, 2.0])  # type: ignore[attr-defined]
        assert plan.by_id["camera"].params.size == "3"  # type: ignore[attr-defined]

    def test_a_control_may_be_set_and_a_mapping_given(self, load: Load) -> None:
        plan = load(SMALL, sets={"strength": "0.2"})
        assert plan.by_id["filter"].params.ratio == 0.2  # type: ignore[attr-defined]

    def test_what_is_wrong_is_told_after_the_file(self, problems: Told) -> None:
        sets = ["filtr.ratio=1", "filter.ration=1", "filter.ratio=2", "strength=1", "strenth=1", "ratio", "sink.x=["]
        assert problems(SMALL.replace("0.3", "x"), sets=sets) == [
            "--set ratio: a setting is `node.parameter=value` or `control=value`",
            "--set filtr.ratio=1: no node 'filtr'. Did you mean filter?",
            "node filter: --set strength=1: strength ranges from 0.1 to 0.9 (got 1)",
            "--set strenth=1: no control 'strenth'. Did you mean strength?",
            "node filter: --set filter.ration=1: no parameter 'ration'. Did you mean ratio?",
            "node filter: --set filter.ratio=2: parameter ratio: input should be less than or equal to 1, got '2'",
            "node sink: --set sink.x=[: no parameter 'x'. It has none.",
        ]


class TestBuiltInControls:
    PRESETS = SMALL + "  dark: {blackout: true, strength: 0.5}\n  still: {freeze: true}\n"

    def test_they_are_off_unless_said(self, load: Load) -> None:
        assert load(self.PRESETS).show.model_dump() == {"freeze": False, "blackout": False}

    def test_a_preset_may_set_them(self, load: Load) -> None:
        plan = load(self.PRESETS, preset="dark")
        assert plan.show.model_dump() == {"freeze": False, "blackout": True}
        assert plan.by_id["filter"].params.ratio == 0.5  # type: ignore[attr-defined]
        assert plan.presets["dark"] == {"blackout": True, "strength": 0.5}
        assert list(plan.controls) == ["strength"], "the graph's own"

    def test_a_setting_goes_over_it(self, load: Load) -> None:
        plan = load(self.PRESETS, preset="dark", sets=["blackout=false", "freeze=true"])
        assert plan.show.model_dump() == {"freeze": True, "blackout": False}

    def test_what_is_wrong_is_told(self, problems: Told) -> None:
        assert problems(SMALL, sets=["freeze=2", "blackoot=true", ".freeze=true", "blackout.x=1"]) == [
            "--set blackoot=true: no control 'blackoot'. Did you mean blackout?",
            "--set .freeze=true: no node ''. There are camera, filter, sink.",
            "--set blackout.x=1: no node 'blackout'. There are camera, filter, sink.",
            "--set freeze=2: parameter freeze: input should be a valid boolean, unable to interpret input, got '2'",
        ]

    def test_a_wrong_preset_is_told_once_unless_it_is_asked_for(self, problems: Told) -> None:
        text = SMALL + "  dark: {blackout: perhaps}\n"
        assert [each.partition(": ")[2] for each in problems(text)] == [
            "preset dark: parameter blackout: input should be a valid boolean, unable to interpret input, got 'perhaps'"
        ]


class TestPresets:
    def test_one_may_be_applied_from_the_start(self, load: Load) -> None:
        params = load(SMALL, preset="strong").by_id["filter"].params
        assert (params.ratio, params.mode) == (0.8, "pair")  # type: ignore[attr-defined]

    def test_a_setting_goes_over_it(self, load: Load) -> None:
        plan = load(SMALL, preset="strong", sets=["strength=0.2"])
        assert plan.by_id["filter"].params.ratio == 0.2  # type: ignore[attr-defined]

    def test_an_unknown_one_is_told(self, problems: Told) -> None:
        assert problems(SMALL, preset="stron") == ["--preset stron: no preset 'stron'. Did you mean strong?"]

    def test_what_is_for_a_node_that_is_left_out_is_left_out(self, load: Load) -> None:
        plan = load(
            """
nodes:
  camera: {use: t.camera}
  soft: {use: t.filter, in: camera}
  window: {use: t.preview, in: soft}
  sink: {use: t.null, in: camera}
controls: {a: soft.ratio, b: camera.fps}
presets: {p: {a: 0.5, b: 25, soft.count: 2}}
"""
        )
        assert list(plan.controls) == ["b"]
        assert plan.presets == {"p": {"b": 25}}
        assert plan.notes == ("window is left out: no display", "soft is left out: nothing that runs uses it")
