"""The frame around the benches: what is listed, run, written, and how it ends. No figure here is of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from livegraph import BenchSpec, Figure, InputError, PluginError, hookimpl
from livegraph.bench import main
from livegraph.bench.command import rows
from livegraph.bench.machine import this_machine
from livegraph.registry import registry
from livegraph.testing import temporary_plugin

HOP = Figure("hop", 24.0, "us", 25.0, note="base 60 us")
RATE = Figure("rate", 90.0, "%", 97.0, at_most=False)


def good(quick: bool) -> Iterator[Figure]:
    yield HOP


def bad(quick: bool) -> Iterator[Figure]:
    yield RATE


def tells(quick: bool) -> Iterator[Figure]:
    yield Figure("quick", float(quick), "", 1.0)


def broken(quick: bool) -> Iterator[Figure]:
    yield HOP
    raise InputError("there is no clip")


class Benches:
    livegraph_api = "1"

    @hookimpl
    def livegraph_benches(self) -> list[BenchSpec]:
        specs = [BenchSpec(f.__name__, f"{__name__}:{f.__name__}", f"about {f.__name__}") for f in (good, bad, tells)]
        return [*specs, BenchSpec("broken", f"{__name__}:broken"), BenchSpec("lost", "no_such_module:measure")]


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installed for the test; this module stands in for a package of theirs."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[good.__module__])
    with temporary_plugin(registry(), Benches(), "benches"):
        yield


def test_without_a_name_it_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "runtime" in out and "about good" in out


def test_a_bar_that_is_met_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good"]) == 0
    out, err = capsys.readouterr()
    assert ["hop", "24 us", "<= 25 us", "met", "base 60 us"] in [[cell.strip() for cell in row] for row in rows([HOP])]
    assert "24 us" in out and "base 60 us" in out and "every bar is met" in out
    assert str(this_machine().cores) in out.splitlines()[0]
    assert err.startswith("good: hop: 24 us")


def test_a_bar_that_is_missed_ends_with_1_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good", "bad"]) == 1
    out = capsys.readouterr().out
    assert "MISSED" in out and ">= 97 %" in out and "1 missed" in out


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good", "bad", "--json", "--quick"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"machine", "quick", "benches", "refused"}
    assert set(document["machine"]) == {"cpu", "cores", "load", "python", "system"}
    assert document["quick"] is True and document["refused"] == {}
    hop = {"name": "hop", "value": 24.0, "unit": "us", "bar": 25.0, "at_most": True, "note": "base 60 us", "met": True}
    assert document["benches"]["good"] == [hop]
    assert document["benches"]["bad"][0]["met"] is False


@pytest.mark.parametrize(("args", "quick"), [(["tells"], 0.0), (["tells", "--quick"], 1.0)])
def test_quick_reaches_the_bench(args: list[str], quick: float, capsys: pytest.CaptureFixture[str]) -> None:
    main([*args, "--json"])
    assert json.loads(capsys.readouterr().out)["benches"]["tells"][0]["value"] == quick


@pytest.mark.parametrize(
    ("name", "reason"),
    [("broken", "broken could not go on: there is no clip"), ("lost", "lost could not run: it cannot be loaded")],
)
def test_a_bench_that_cannot_run_says_why_and_stops_no_other(
    name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "good"]) == 1
    out = capsys.readouterr().out
    assert reason in out and "24 us" in out


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(PluginError, match=r"no bench 'runtim'\. Did you mean runtime"):
        main(["runtim"])


def test_an_unknown_option_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["good", "--fast"])
    assert "--fast" in capsys.readouterr().err
