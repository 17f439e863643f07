"""The frame around the benches: what is listed, run, written, and how it ends. No figure here is of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from livegraph import BenchOption, BenchSpec, Figure, InputError, PluginError, Progress, hookimpl
from livegraph.bench import main
from livegraph.bench.machine import this_machine
from livegraph.bench.show import rows
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


def sized(quick: bool, size: int = 256, warm: bool = False) -> Iterator[Figure | Progress]:
    yield Progress("looking", 0.5)
    yield Figure("width", size, "px", part="picture", setting={"model": "none", "steps": 2}, detail={"p95": 1.5})
    yield Figure("warm", float(warm), "", part="state")


def pixels(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"expected pixels, such as 256, not {text!r}")
    return int(text)


OPTIONS = (
    BenchOption("size", "width of the picture", pixels, "PIXELS"),
    BenchOption("warm", "begin with a warm cache", None),
)


class Benches:
    livegraph_api = "1"

    @hookimpl
    def livegraph_benches(self) -> list[BenchSpec]:
        specs = [BenchSpec(f.__name__, f"{__name__}:{f.__name__}", f"about {f.__name__}") for f in (good, bad, tells)]
        specs.append(
            BenchSpec("sized", f"{__name__}:sized", "about sized", OPTIONS, ("bench sized --size 64  # small",))
        )
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
    assert document["benches"]["good"] == [hop | {"part": "", "setting": {}, "detail": {}}]
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


def test_options_reach_their_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "sized", "--size", "64", "--warm"]) == 0
    width, warm = json.loads(capsys.readouterr().out)["benches"]["sized"]
    assert (width["value"], warm["value"]) == (64, 1.0)
    assert width["setting"] == {"model": "none", "steps": 2} and width["detail"] == {"p95": 1.5}


def test_what_was_not_said_is_left_to_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sized", "--json"]) == 0
    width, warm = json.loads(capsys.readouterr().out)["benches"]["sized"]
    assert (width["value"], warm["value"]) == (256, 0.0)


def test_each_part_has_a_table_and_each_line_its_setting(capsys: pytest.CaptureFixture[str]) -> None:
    main(["sized"])
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert ["sized:", "picture", "under", "measured"] in lines and ["sized:", "state", "measured"] in lines
    assert ["width", "none", "steps", "2", "256", "px"] in lines
    assert "sized: looking 50% ..." in err and "sized: width [none steps 2]: 256 px" in err


def test_a_wrong_value_is_told_in_the_words_of_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sized", "--size", "wide"])
    assert "argument --size: expected pixels, such as 256, not 'wide'" in capsys.readouterr().err


def test_the_help_of_one_bench_has_its_options_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["sized", "--help"])
    out = capsys.readouterr().out
    assert "about sized" in out and "--size PIXELS" in out and "bench sized --size 64  # small" in out


def test_options_of_one_bench_are_not_for_several(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sized", "good", "--size", "64"])
    assert "--size" in capsys.readouterr().err


def test_the_document_is_kept_beside_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good", "--output", str(tmp_path / "found.json")]) == 0
    assert "24 us" in capsys.readouterr().out
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["benches"]["good"][0]["value"] == 24.0


def test_a_document_that_cannot_be_kept_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its folder does not exist"):
        main(["good", "--output", str(tmp_path / "none" / "found.json")])
