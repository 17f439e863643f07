from __future__ import annotations

from collections.abc import Callable

import pytest

from livegraph.graph import Plan
from livegraph.graph.environment import Unset, substitute

GRAPH = """
nodes:
  camera:
    use: t.camera
    params:
      fps: %s
      key: "${KEY:-none}"
      size: %s
  sink: {use: t.null, in: camera}
"""


def test_values_defaults_and_text_around_them() -> None:
    secrets: set[str] = set()
    env = {"USER_NAME": "ada", "EMPTY": ""}
    assert substitute("rtsp://${USER_NAME}@${HOST:-local}/${EMPTY:-x}${EMPTY}", env, secrets) == "rtsp://ada@local/x"
    assert secrets == {"ada", ""}
    with pytest.raises(Unset, match="HOST"):
        substitute("${HOST}", env, secrets)


def test_what_only_looks_like_a_variable_stays() -> None:
    assert substitute("$HOME ${} ${1} $(x) {time}", {}, set()) == "$HOME ${} ${1} $(x) {time}"


def test_what_stands_in_the_file_anyway_is_no_secret() -> None:
    secrets: set[str] = set()
    env = {"HOME": "/home/ada", "SIZE": "640x360", "LOOP": "True", "DEVICE": "auto", "KEY": "hunter2"}
    text = substitute("${HOME} ${SIZE:-640x360} ${LOOP} ${DEVICE} ${KEY:-none}", env, secrets)
    assert text == "/home/ada 640x360 True auto hunter2"
    assert secrets == {"hunter2"}


@pytest.mark.parametrize(
    ("written", "env"), [("${FPS:-25}", {}), ("${FPS}", {"FPS": "25"}), ('"${FPS}"', {"FPS": "25"})]
)
def test_a_number_may_come_from_outside(written: str, env: dict[str, str], load: Callable[..., Plan]) -> None:
    assert load(GRAPH % (written, "auto"), env=env).by_id["camera"].params.fps == 25.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", ["640", "true", "null", "1e3", "auto"])
def test_text_stays_text_whatever_it_looks_like(value: str, load: Callable[..., Plan]) -> None:
    plan = load(GRAPH % (30, "${SIZE}"), env={"SIZE": value})
    assert plan.by_id["camera"].params.size == value  # type: ignore[attr-defined]


def test_the_plan_knows_its_secrets_and_does_not_show_them(load: Callable[..., Plan]) -> None:
    plan = load(GRAPH % (30, "auto"), env={"KEY": "hunter2"})
    assert plan.secrets == {"hunter2"}
    assert "secrets" not in repr(plan)
    assert load(GRAPH % (30, "auto")).secrets == frozenset()


def test_a_graph_named_by_the_environment_keeps_its_name_to_itself(load: Callable[..., Plan]) -> None:
    assert load("name: show-${KEY}\n" + GRAPH % (30, "auto"), env={"KEY": "hunter2"}).name == "show-***"


def test_errors_show_the_variable_and_never_its_value(problems: Callable[..., list[str]]) -> None:
    text = """
mode: ${MODE}
nodes:
  camera: {use: "${USE}", params: {fps: "${FPS}"}}
  filter: {use: t.filter, in: "${IN}", params: {"ratio": "${RATIO}", mode: "${WAY}", count: "${COUNT}"}}
  sink: {use: t.null, in: filter}
"""
    names = ("MODE", "USE", "FPS", "IN", "RATIO", "WAY")
    told = problems(text, env={**dict.fromkeys(names, "hunter2"), "COUNT": "-3"})
    assert len(told) == 6
    assert not any("hunter2" in line for line in told)
    assert any("got ${RATIO}" in line for line in told)
    assert any(line.endswith("greater than or equal to 1, got ${COUNT}") for line in told)
