"""plugins, backends, pipelines, schema: what the registry knows, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from livegraph import BackendFound, BackendSpec, PipelineSpec, hookimpl
from livegraph.cli.backends import look
from livegraph.registry import registry
from livegraph.testing import temporary_plugin


class Old:
    livegraph_api = "0"


class Full:
    livegraph_api = "1"

    @hookimpl
    def livegraph_backends(self) -> list[BackendSpec]:
        return [BackendSpec("toaster", 999, f"{__name__}:absent", "bread")]

    @hookimpl
    def livegraph_pipelines(self) -> list[PipelineSpec]:
        return [PipelineSpec("breakfast", "/breakfast.yaml", "the first of the day")]


def test_plugins_says_why_one_was_refused(command: Any) -> None:
    info = registry().add(Old(), "old", "livegraph-old", "0.0.1")
    try:
        ended = command("plugins")
        document = json.loads(command("plugins", "--json").out)
    finally:
        registry().plugins.remove(info)
    assert "written for plugin API '0', this is '1'" in ended.out
    assert [item["state"] for item in document if item["name"] == "old"] == ["refused"]
    assert [item["state"] for item in document if item["name"] == "core"] == ["loaded"]


def absent() -> str:
    raise RuntimeError("no toaster here")


def present() -> str:
    return "it is warm"


def broken() -> str:
    raise ZeroDivisionError("oh")


def test_the_best_backend_that_works_is_chosen() -> None:
    names = ("absent", "present", "present", "broken")
    found = look([BackendSpec(f"b{n}", 9 - n, f"{__name__}:{name}") for n, name in enumerate(names)])
    assert [(item.available, item.chosen) for item in found] == [
        (False, False),
        (True, True),
        (True, False),
        (False, False),
    ]
    assert found[0].reason == "no toaster here"
    assert found[1].reason == "it is warm"
    assert found[3].reason == "its probe failed: ZeroDivisionError: oh"


def detailed() -> BackendFound:
    return BackendFound("Toaster 3000", "toast 1.2", 12 << 30)


def test_what_a_probe_found_is_told_part_by_part(command: Any) -> None:
    first, second = look([BackendSpec("b1", 2, f"{__name__}:detailed"), BackendSpec("b2", 1, f"{__name__}:present")])
    assert (first.device, first.version, first.memory) == ("Toaster 3000", "toast 1.2", 12 << 30)
    assert first.reason == "Toaster 3000 (12 GiB), toast 1.2"
    assert (first.choice, second.choice) == ("the first that can be used", "b1 comes before it")
    assert (second.device, second.memory) == (None, None)
    with temporary_plugin(registry(), Full(), "full"):
        (line,) = [line for line in command("backends").out.splitlines() if line.startswith("toaster")]
        assert " ".join(line.split()) == "toaster not here no toaster here"


def test_a_probe_that_cannot_be_imported_is_a_reason() -> None:
    (found,) = look([BackendSpec("ghost", 1, "no_such_module:probe")])
    assert found.available is False
    assert "No module named 'no_such_module'" in found.reason


def test_pipelines_lists_names_and_files(command: Any) -> None:
    with temporary_plugin(registry(), Full(), "full"):
        lines = [" ".join(line.split()) for line in command("pipelines").out.splitlines()]
        assert "breakfast the first of the day /breakfast.yaml" in lines
        assert {"name": "breakfast", "path": "/breakfast.yaml", "summary": "the first of the day"} in json.loads(
            command("pipelines", "--json").out
        )


def test_the_schema_knows_every_node(command: Any, scripted: Any, tmp_path: Path) -> None:
    text = command("schema").out
    assert "test.slow" in text and "service_ms" in text
    ended = command("schema", "--output", tmp_path / "schema.json")
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "schema.json").read_text()) == json.loads(text)
