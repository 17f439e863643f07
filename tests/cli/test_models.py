"""`livegraph models`, with a model that lies on a server on loopback."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from livegraph import CheckpointSpec, Licence, ModelError, ModelFile, ModelSpec, hookimpl
from livegraph.cli.pull import Lines
from livegraph.models.library import look_at
from livegraph.registry import registry
from livegraph.testing import temporary_plugin

BODY = b"weights" * 1000
LICENCE = Licence("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/", False)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


class Brings:
    livegraph_api = "1"

    def __init__(self, *models: ModelSpec) -> None:
        self.models = models

    @hookimpl
    def livegraph_models(self) -> tuple[ModelSpec, ...]:
        return self.models


class Converts:
    livegraph_api = "1"

    def __init__(self, family: str) -> None:
        self.family = family

    @hookimpl
    def livegraph_checkpoints(self) -> list[CheckpointSpec]:
        return [CheckpointSpec(self.family, ("original", "other"), f"{__name__}:rewrite", ("bf16",))]


def rewrite(source: Path, target: Path, layout: str, dtype: str | None) -> str:
    if not source.exists():
        raise ModelError(f"{source} is not there")
    return f"{source} -> {target} as {layout}, {dtype}"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelSpec]:
    """`small`, which nobody has tried, and which may not be traded with; it needs `vae`."""
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(tmp_path / "models"))
    for name in ("http_proxy", "HTTP_PROXY", "LIVEGRAPH_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "model.bin").write_bytes(BODY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shop)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    file = ModelFile("model.bin", len(BODY), url=f"http://127.0.0.1:{server.server_port}/model.bin")
    vae = ModelSpec("small-vae", "its VAE", LICENCE, "https://example.com", (file,), tried=True)
    spec = ModelSpec("small", "a small one", LICENCE, "https://example.com", (file,), ("small-vae",), notes="Mind it.")
    with temporary_plugin(registry(), Brings(spec, vae), "small"):
        yield spec
    server.shutdown()
    server.server_close()
    thread.join()


def row(text: str, name: str) -> str:
    return next(" ".join(line.split()) for line in text.splitlines() if line.startswith(f"{name} "))


def listed(text: str, name: str) -> dict[str, Any]:
    return next(item for item in json.loads(text) if item["name"] == name)


def test_list_says_what_is_here_and_what_nobody_has_tried(command: Any, model: ModelSpec, tmp_path: Path) -> None:
    text = command("models", "list").out
    assert row(text, "small") == "small no 7 kB CC-BY-NC-SA-4.0 not tried a small one"
    assert row(text, "small-vae") == "small-vae no 7 kB CC-BY-NC-SA-4.0 its VAE"
    assert f"They lie in {tmp_path / 'models'}" in text
    assert "not tried: listed from what its publisher says" in text
    assert listed(command("models", "list", "--json").out, "small")["here"] is False


def test_list_shows_how_much_of_a_model_came(command: Any, model: ModelSpec, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(BODY[: len(BODY) // 2])
    assert row(command("models", "list").out, "small").startswith("small 50 % 7 kB")


def test_show_has_licence_addresses_and_notes(command: Any, model: ModelSpec) -> None:
    text = command("models", "show", "small").out
    assert "Not tried" in text and "Mind it." in text
    assert "CC-BY-NC-SA-4.0 (NO commercial use), https://creativecommons.org/" in text
    assert model.files[0].url in text and "not published" in text
    document = json.loads(command("models", "show", "small", "--json").out)
    assert document["licence"]["commercial"] is False
    assert document["needs"] == ["small-vae"]
    assert document["files"][0]["state"] == "missing"


def test_pull_shows_the_licence_first_and_needs_a_yes(command: Any, model: ModelSpec) -> None:
    ended = command("models", "pull", "small")
    assert ended.code == 2
    assert "NO commercial use" in ended.out and "14 kB in all" in ended.out
    assert ended.out.index("small-vae") < ended.out.index("small  7 kB")
    assert "say --yes" in " ".join(ended.err.split())
    assert [look.state for look in look_at(model)] == ["missing"]


@pytest.mark.parametrize(("answer", "code", "state"), [("y", 0, "here"), ("n", 1, "missing")])
def test_at_a_terminal_it_asks(
    command: Any, model: ModelSpec, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, state: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    assert command("models", "pull", "small").code == code
    assert [look.state for look in look_at(model)] == [state]


def test_who_stops_it_is_told_that_it_goes_on(command: Any, model: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Lines, "told", stop)
    ended = command("models", "pull", "small", "--yes")
    assert ended.code == 130
    assert "What came so far is kept" in ended.err


def test_pull_path_verify_and_remove(command: Any, model: ModelSpec, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    ended = command("models", "pull", "small", "--yes")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "All of it is here.")
    assert (folder / "model.bin").read_bytes() == BODY
    assert command("models", "pull", "small").out == "All of it is here.\n"
    assert command("models", "path", "small").out == f"{folder}\n"
    assert row(command("models", "list").out, "small").startswith("small yes")
    checked = json.loads(command("models", "verify", "--json").out)
    assert {(item["model"], item["verdict"]) for item in checked} == {("small", "ok"), ("small-vae", "ok")}
    assert checked[0]["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert command("models", "remove", "small").code == 2
    assert command("models", "remove", "small", "--yes").code == 0
    assert not folder.exists()
    assert command("models", "remove", "small", "--yes").out == "small is not here.\n"


def test_verify_ends_with_1_where_a_file_has_changed(command: Any, model: ModelSpec, tmp_path: Path) -> None:
    command("models", "pull", "small", "--yes")
    (tmp_path / "models" / "small" / "model.bin").write_bytes(BODY[::-1])
    ended = command("models", "verify", "small")
    assert ended.code == 1
    assert "changed" in row(ended.out, "small")


def test_verify_of_nothing(command: Any, model: ModelSpec) -> None:
    ended = command("models", "verify")
    assert (ended.code, ended.out) == (0, "No model lies here.\n")
    assert command("models", "verify", "small").code == 1


def test_path_of_a_model_that_is_not_here(command: Any, model: ModelSpec) -> None:
    ended = command("models", "path", "small")
    assert ended.code == 1
    assert "Try: livegraph models pull small" in ended.err


@pytest.mark.parametrize("verb", ["show", "pull", "verify", "path", "remove"])
def test_an_unknown_name_is_wrong_usage(command: Any, model: ModelSpec, verb: str) -> None:
    ended = command("models", verb, "smal")
    assert ended.code == 2
    assert "Did you mean small?" in " ".join(ended.err.split())


def test_a_bar_on_a_terminal(command: Any, model: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ended = command("models", "pull", "small", "--yes")
    assert ended.code == 0
    assert "small  model.bin" in ended.out and "7.0/7.0 kB" in ended.out
    assert "small-vae  model.bin" in command("models", "verify").out
    assert command("models", "verify", "--json").out.startswith("[")


def test_convert_goes_to_the_only_plugin_that_can(command: Any, tmp_path: Path) -> None:
    (tmp_path / "in.pt").touch()
    with temporary_plugin(registry(), Converts("acme"), "acme"):
        argv = ("models", "convert", tmp_path / "in.pt", "out", "--family", "acme")
        assert command(*argv).out == f"{tmp_path / 'in.pt'} -> out as original, None\n"
        assert command(*argv, "--to", "other", "--dtype", "bf16").out.endswith("as other, bf16\n")
        assert "none of original, other" in " ".join(command(*argv, "--to", "oter").err.split())
        assert command(*argv, "--dtype", "fp3").code == 2
        missing = command("models", "convert", "nowhere.pt", "out", "--family", "acme")
        assert (missing.code, missing.err) == (1, "nowhere.pt is not there\n")


def test_where_several_plugins_convert_one_is_named(command: Any) -> None:
    with temporary_plugin(registry(), Converts("acme"), "acme"), temporary_plugin(registry(), Converts("b"), "b"):
        ended = command("models", "convert", "in", "out")
    assert ended.code == 2
    assert "acme" in ended.err and "--family" in ended.err
