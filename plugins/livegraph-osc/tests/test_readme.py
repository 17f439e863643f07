"""The README's table of addresses, walked: each form is sent to a real run."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from osc_support import Show, Udp, a_show, until

from livegraph_osc.controller import Osc
from livegraph_osc.places import COMMANDS
from livegraph_osc.signal import OscSignal

README = (Path(__file__).parents[1] / "README.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| `(?P<sent>/[^|]+)` \| (?P<then>[^|]+) \|$", re.MULTILINE)


def parsed(sent: str) -> tuple[str, list[Any]]:
    address, _, rest = sent.partition(" ")
    return address, [json.loads(each) for each in re.findall(r'"[^"]*"|\S+', rest)]


def check(show: Show, client: Udp, then: str) -> None:
    match = re.fullmatch(r"`(\S+)` is `(.+)`", then)
    if match:
        show.becomes(match[1], json.loads(match[2]))
    elif then.startswith("reply"):
        address, arguments = parsed(then.removeprefix("reply `").rstrip("`"))
        assert list(client.hears(address).arguments) == arguments
    elif then.startswith("preset"):
        until(lambda: then.split("`")[1] in show.run.bus.presets)
    elif then == "undone":
        show.becomes("b.value", 3)
    else:
        until(lambda: show.osc.status()["subscribers"] == (then == "subscribed"))


def test_every_form_of_address_does_what_the_readme_says() -> None:
    rows = list(ROW.finditer(README))
    assert len(rows) == README.count("| `/livegraph/") and len(rows) > 30
    with a_show() as show, Udp(show.port) as client:
        for row in rows:
            walk(show, client, *parsed(row["sent"]), row["then"])
        assert not show.refused


def walk(show: Show, client: Udp, address: str, arguments: list[Any], then: str) -> None:
    """From the same beginning each time."""
    show.run.ask(show.run.bus.reset).result(10)
    for value in (3, 4) if "undo" in address else ():
        show.run.ask(partial(show.run.bus.set, {"b.value": value}, origin=str(value))).result(10)
    if "reset" in address:
        show.run.ask(lambda: show.run.bus.set({"a.value": 5})).result(10)
    if then.startswith("reply `/livegraph/a"):
        until(lambda: show.osc._feedback._values["a.value"] == 0)
    client.send(address, *arguments)
    check(show, client, then)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_stands_in_the_table(name: str) -> None:
    assert f"`/livegraph/{name}" in README


@pytest.mark.parametrize("cls", [Osc, OscSignal])
def test_every_parameter_stands_in_the_readme_with_its_default(cls: Any) -> None:
    for name, field in cls.Params.model_fields.items():
        default = f" `{field.default}` " if not field.is_required() else " "
        assert f"| `{name}` |{default}|" in README, name
