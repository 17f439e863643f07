"""`--serve` on any graph: a page node beside what is shown, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from livegraph import Audio, Frame, In, Node, NodeSpec, Out, Sink, Source, Video, hookimpl
from livegraph.graph import Plan, load_plan
from livegraph.registry import Registry


class Scene(Source):
    out: Out[Video]

    def read(self) -> None: ...


class Shows(Sink):
    """A window, and what it is on the page."""

    presents = True
    video: In[Video]

    def process(self, video: Frame) -> None: ...


class Records(Shows):
    presents = False
    records = True


class OnPage(Shows):
    on_page = True


class Camera(Scene):
    """A page's own source: what is sent is not what is shown."""


class RecordsSound(Records):
    audio: In[Audio] = In(optional=True)


class Film(Scene):
    audio: Out[Audio]


class Brings:
    livegraph_api = "1"

    def __init__(self, **nodes: type[Node]) -> None:
        self._nodes = nodes

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec(name.replace("__", "."), cls) for name, cls in self._nodes.items()]


@pytest.fixture
def registry() -> Registry:
    made = Registry(discover=False)
    nodes: dict[str, Any] = {"a__scene": Scene, "a__record": Records, "a__window": Shows, "web__mjpeg": OnPage}
    nodes |= {"web__camera": Camera, "a__film": Film, "a__record_sound": RecordsSound}
    assert made.add(Brings(**nodes), "brings").state == "loaded"
    return made


def load(tmp_path: Any, registry: Registry, nodes: str, *, preview: bool = True) -> Plan:
    (tmp_path / "show.yaml").write_text(f"livegraph: 1\nmode: live\nnodes:\n  scene: {{use: a.scene}}\n{nodes}")
    return load_plan(tmp_path / "show.yaml", registry=registry, env={}, preview=preview)


RECORD = "  record: {use: a.record, in: scene}\n"


def test_what_is_recorded_is_on_the_page_too(tmp_path: Any, registry: Registry) -> None:
    plan = load(tmp_path, registry, RECORD)
    assert plan.by_id["preview"].type == "web.mjpeg"
    edges = {edge.id: edge.policy for edge in plan.edges}
    assert edges["scene.out->preview.video"] == "latest"


def test_what_was_there_runs_as_it_did(tmp_path: Any, registry: Registry) -> None:
    plans = [load(tmp_path, registry, RECORD, preview=preview) for preview in (False, True)]
    before, after = ({edge.id: edge.policy for edge in plan.edges} for plan in plans)
    assert before.items() <= after.items()
    assert before == {"scene.out->record.video": "attached"}


def test_the_first_sink_is_shown_and_names_that_are_taken_are_left(tmp_path: Any, registry: Registry) -> None:
    plan = load(tmp_path, registry, "  preview: {use: a.window, in: scene}\n" + RECORD)
    assert plan.by_id["preview"].type == "a.window"
    assert plan.by_id["preview2"].type == "web.mjpeg"


def test_a_graph_with_a_page_of_its_own_gets_no_other(tmp_path: Any, registry: Registry) -> None:
    nodes = RECORD + "  page: {use: web.mjpeg, in: scene}\n"
    assert set(load(tmp_path, registry, nodes).by_id) == {"scene", "record", "page"}


def test_a_camera_on_the_page_is_not_the_picture_on_it(tmp_path: Any, registry: Registry) -> None:
    plan = load(tmp_path, registry, "  sent: {use: web.camera}\n  record: {use: a.record, in: sent}\n")
    assert "sent.out->preview.video" in {edge.id for edge in plan.edges}


@pytest.mark.parametrize("sound", [", audio: film.audio", ""])
def test_sound_beside_the_picture_hides_it_not(tmp_path: Any, registry: Registry, sound: str) -> None:
    record = f"  record: {{use: a.record_sound, in: {{video: film{sound}}}, timeout: 7s}}\n"
    plan = load(tmp_path, registry, "  film: {use: a.film}\n" + record)
    assert "film.out->preview.video" in {edge.id for edge in plan.edges}
    assert plan.by_id["preview"].timeout_s != plan.by_id["record"].timeout_s == 7


def test_without_the_package_nothing_is_added(tmp_path: Any) -> None:
    registry = Registry(discover=False)
    registry.add(Brings(a__scene=Scene, a__record=Records), "brings")
    assert set(load(tmp_path, registry, RECORD).by_id) == {"scene", "record"}
