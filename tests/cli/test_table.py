from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from livegraph.cli.table import NOTES, RunTable


def draw(stats: Any, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(RunTable(stats))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_none_wraps(stats: Any, width: int) -> None:
    lines = draw(stats, width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 1 + len(stats["notes"]) + 1 + 1 + len(stats["nodes"]) + 1 + 1


def test_eighty_columns_show_every_figure(stats: Any) -> None:
    text = "\n".join(line.rstrip() for line in draw(stats, 80))
    assert "cam2wan  live  0:12  running" in text
    assert "no camera: using the moving test scene" in text
    for figure in ("8.1", "118", "131", "3/60", "270", "212", "credits camera K=2", "gate 270, overflow 7, error 2"):
        assert figure in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_bottleneck_is_named_at_any_width(stats: Any, width: int) -> None:
    stats["nodes"]["wan"] |= {"errors": 0, "restarts": 0}
    assert "bottleneck" in draw(stats, width)[6]


def test_types_show_where_there_is_room(stats: Any) -> None:
    assert "wan.v2v" not in "".join(draw(stats, 80))
    assert "wan.v2v" in "".join(draw(stats, 120))


def test_columns_stay_where_they_are_when_figures_change(stats: Any) -> None:
    before = draw(stats, 80)
    stats["nodes"]["wan"] |= {"fps": 29.97, "process_ms": {"p50": 3.2, "p95": 1234.5, "p99": 2000.0}}
    after = draw(stats, 80)
    assert before[4] == after[4]
    assert before[5] == after[5]


def test_a_node_that_is_down_is_named_as_such(stats: Any) -> None:
    stats["nodes"]["wan"]["state"] = "down"
    assert "down" in draw(stats, 80)[6]


def test_only_the_newest_notes_are_shown(stats: Any) -> None:
    stats["notes"] = [f"note {number}" for number in range(20)]
    text = "\n".join(draw(stats, 80))
    assert "note 19" in text
    assert f"note {20 - NOTES - 1}" not in text


def test_text_that_looks_like_markup_is_shown_as_it_is(stats: Any) -> None:
    stats["notes"] = ["camera: opened [red]/dev/video0[/red]"]
    assert "[red]/dev/video0[/red]" in draw(stats, 80)[1]
