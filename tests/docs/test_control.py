"""The table of docs/control.md, walked: each row is said to a real run by the door that it names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import typer.main
import yaml
from docs_support import ROOT, blocks
from doors_support import PLUGINS, Show, Socket, a_show, registry_with, until
from mqtt_support import NEEDED, Mosquitto, Watcher
from osc_support import Udp, free_port
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from livegraph.cli.main import app
from livegraph.graph import load_plan

PAGE = ROOT / "docs/control.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("\n## How each door")[2].partition("\n## ")[0]
ROW = re.compile(r"^\|[^|]*\| (?P<by>\w+) \| `(?P<say>[^`]+)`[^|]*\| (?P<then>[^|]+) \|$", re.MULTILINE)
IS = re.compile(r"`([\w.]+)` is `([^`]+)`")

Heard = Callable[[], str]
"""What was heard so far, as text."""


class Row(NamedTuple):
    by: str
    say: str
    then: str


ROWS = [Row(*match.group("by", "say", "then")) for match in ROW.finditer(SECTION)]


def rows(*doors: str) -> list[Row]:
    return [row for row in ROWS if row.by in doors]


def document() -> dict[str, Any]:
    (graph,) = [block for block in blocks("yaml", [PAGE]) if "name: show" in block.text]
    return yaml.safe_load(graph.text)


@contextmanager
def shown(path: Path, controllers: Mapping[str, Any], *plugins: object, **asked: Any) -> Iterator[Show]:
    """A run of the page's graph, from a file."""
    path.write_text(yaml.safe_dump({**document(), "controllers": dict(controllers), **asked.pop("more", {})}))
    registry = registry_with(*plugins)
    with a_show(load_plan(path, registry=registry, **asked), registry) as show:
        yield show


def begin(show: Show) -> None:
    """What the page says has been done before each row."""
    show.on_loop(show.run.bus.reset)
    for address, value in (("blend.ratio", 0.6), ("edges.low", 77)):
        show.on_loop(partial(show.run.bus.set, {address: value}, origin=address))


def becomes(show: Show, then: str) -> None:
    """Values are waited for: a ramp takes its time."""
    for address, written in IS.findall(then):
        value = json.loads(written)
        near = pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
        until(lambda address=address, near=near: show.get(address) == near)


def check(show: Show, then: str, answer: str) -> None:
    verb, _, what = then.partition("`")
    text = what.rstrip("`")
    if IS.match(then):
        becomes(show, then)
    elif verb == "answers ":
        assert text in answer
    elif verb == "there is ":
        until(lambda: text in show.run.bus.presets)
        show.on_loop(partial(show.run.bus.presets.pop, text))
    elif verb == "the file has ":
        until(lambda: text in Path(show.run.plan.path).read_text())
    else:
        raise AssertionError(f"the page says {then!r}, which this test does not know")


def is_told(show: Show, then: str, heard: Heard) -> None:
    """Somebody else changes something, and that, or what comes by itself, is heard."""
    text = then.removeprefix("tells `").rstrip("`")
    if text not in ("0.6", "running"):
        show.on_loop(lambda: show.run.bus.set({"blend.ratio": 0.5}, origin="somebody"))
    until(lambda: text in heard())


def test_every_row_is_walked() -> None:
    lines = [line for line in SECTION.splitlines() if line.startswith("|")]
    assert len(ROWS) == len(lines) - 2 > 90
    assert {row.by for row in ROWS} == {*BY, "MQTT", "MIDI", "start", "file"}


def http(show: Show, say: str) -> str:
    method, path, *body = say.split(" ", 2)
    with show.client() as client:
        answer = client.request(method, path, json=json.loads(body[0]) if body else None)
    assert answer.status_code == 200, answer.text
    return answer.text


def socket(show: Show, say: str) -> str:
    with Socket(show.url) as client:
        answer = client.ask(json.loads(say))
    assert answer["type"] != "error", answer
    return json.dumps(answer)


def ctl_command(say: str) -> list[str]:
    return [sys.executable, "-m", "livegraph", "ctl", *say.split()]


def ctl(show: Show, say: str) -> str:
    env = {**os.environ, "LIVEGRAPH_URL": show.url}
    ended = subprocess.run(ctl_command(say), env=env, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def arguments(written: str) -> list[Any]:
    return [json.loads(each) for each in re.findall(r'"[^"]*"|\S+', written)]


def osc(show: Show, say: str) -> str:
    with Udp(show.osc_port) as client:
        if say.startswith("["):
            client.socket.send(bundle(say.strip("[]").split(", ")))
            return ""
        address, _, rest = say.partition(" ")
        if not rest and address.count("/") == 3 and "preset" not in address:
            return str(client.ask(address))
        client.send(address, *arguments(rest))
        return ""


def bundle(messages: list[str]) -> bytes:
    made = OscBundleBuilder(IMMEDIATELY)
    for address, _, rest in (message.partition(" ") for message in messages):
        message = OscMessageBuilder(address)
        for argument in arguments(rest):
            message.add_arg(argument)
        made.add_content(message.build())
    return bytes(made.build().dgram)


def osc_query(show: Show, say: str) -> str:
    port = next(each.params.query_port for each in show.run.plan.controllers if each.name == "osc")  # type: ignore[attr-defined]
    method, path = say.split()
    return httpx.request(method, f"http://127.0.0.1:{port}{path}", trust_env=False).raise_for_status().text


BY: dict[str, Callable[[Show, str], str]] = {
    "HTTP": http,
    "WebSocket": socket,
    "ctl": ctl,
    "OSC": osc,
    "OSCQuery": osc_query,
}


@contextmanager
def socket_hears(show: Show, say: str) -> Iterator[Heard]:
    with Socket(show.url) as client:
        yield lambda: json.dumps(client.hear(say))


@contextmanager
def ctl_hears(show: Show, say: str) -> Iterator[Heard]:
    listening = len(show.run.bus._hearers)
    env = {**os.environ, "LIVEGRAPH_URL": show.url}
    with subprocess.Popen(ctl_command(say), env=env, stdout=subprocess.PIPE, text=True) as process:
        until(lambda: len(show.run.bus._hearers) > listening, 30)
        assert process.stdout is not None
        yield process.stdout.readline
        process.terminate()


@contextmanager
def osc_hears(show: Show, say: str) -> Iterator[Heard]:
    with Udp(show.osc_port) as client:
        client.send(say)
        until(lambda: show.run.services.status()["osc"]["subscribers"])
        yield lambda: str(client.message())
        client.send("/livegraph/unsubscribe")


HEARS = {"WebSocket": socket_hears, "ctl": ctl_hears, "OSC": osc_hears}


@pytest.mark.parametrize("by", BY)
def test_the_rows_of_a_door(by: str, tmp_path: Path) -> None:
    with shown(tmp_path / "show.yaml", {"osc": {"port": 0, "query_port": free_port()}}) as show:
        for row in rows(by):
            begin(show)
            if row.then.startswith("tells"):
                with HEARS[by](show, row.say) as heard:
                    is_told(show, row.then, heard)
            else:
                check(show, row.then, BY[by](show, row.say))
        assert not any(show.refused().values())


@pytest.mark.parametrize("row", rows("start", "file"), ids=lambda row: row.say)
def test_the_rows_of_how_a_run_begins(row: Row, tmp_path: Path) -> None:
    if row.by == "file":
        graph = document()
        graph["nodes"]["blend"] |= yaml.safe_load(f"{{{row.say}}}")
        context = shown(tmp_path / "show.yaml", {}, more=graph | {"controllers": {}})
    else:
        command: Any = typer.main.get_command(app)
        typed = command.commands["run"].make_context("run", ["show.yaml", *row.say.split()]).params
        context = shown(tmp_path / "show.yaml", {}, sets=typed["sets"] or (), preset=typed["preset"])
    with context as show:
        becomes(show, row.then)


class TestMqtt:
    pytestmark = NEEDED

    def test_the_rows(self, tmp_path: Path) -> None:
        broker = Mosquitto(tmp_path)
        broker.start()
        try:
            mqtt = {"host": "127.0.0.1", "port": broker.port, "statistics": 0.2}
            with shown(tmp_path / "show.yaml", {"mqtt": mqtt}) as show:
                for row in rows("MQTT"):
                    begin(show)
                    self.walk(show, broker, row)
                assert not any(show.refused().values())
        finally:
            broker.stop()

    def walk(self, show: Show, broker: Mosquitto, row: Row) -> None:
        topic, _, payload = row.say.partition(" ")
        watcher = Watcher(broker)
        try:
            if row.then.startswith("tells"):
                is_told(show, row.then, lambda: watcher.newest.get(topic, ""))
            else:
                watcher.say(topic, payload)
                check(show, row.then, "")
        finally:
            watcher.close()


def test_the_rows_of_midi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the level of messages: a device of mido's own port classes, in this process."""
    Message = pytest.importorskip("mido", reason="livegraph-midi is optional: pip install mido").Message
    for folder in ("tests", "src"):
        monkeypatch.syspath_prepend(PLUGINS / "livegraph-midi" / folder)
    from loop_backend import STUDIO
    from midi_support import PLUGINS as NOT_INSTALLED

    from livegraph_midi import library

    monkeypatch.setattr(library, "BACKEND", "loop_backend")
    STUDIO.clear()
    STUDIO.plug("desk")
    mapped = {place: what for row in rows("MIDI") for place, what in yaml.safe_load(row.say).items()}
    with shown(tmp_path / "show.yaml", {"midi": {"map": mapped}}, *NOT_INSTALLED) as show:
        until(lambda: show.run.services.status()["midi"]["device"])
        for row in rows("MIDI"):
            begin(show)
            kind, number = row.say.partition(":")[0].split()
            if row.then.startswith("tells"):
                STUDIO.sent.clear()
                is_told(show, row.then, lambda number=number: "".join(map(str, sent(STUDIO, int(number)))))
            elif kind == "cc":
                STUDIO.play(Message("control_change", control=int(number), value=127))
            else:
                STUDIO.play(Message("note_on", note=int(number), velocity=100))
                STUDIO.play(Message("note_on", note=int(number), velocity=0))
            becomes(show, row.then)
        assert not any(show.refused().values())
    STUDIO.clear()


def sent(studio: Any, number: int) -> list[Any]:
    return [message for message in studio.sent if message.type == "control_change" and message.control == number]
