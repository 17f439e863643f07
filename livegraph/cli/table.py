"""The live table: the `--stats` document as something to look at while a graph runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from livegraph.cli.duration import clock
from livegraph.cli.figures import CAUSES, Row, drops, rows
from livegraph.wording import counted

HEALTH_STYLE = {"running": "green", "degraded": "bold yellow", "starting": "cyan", "warming": "cyan", "ended": "dim"}
WIDE = 100
"""Columns from which the node types are shown too."""
NARROW = 72
"""Columns below which the median and the queue are left out, so that the bottleneck can be read."""
FIGURES = {"fps": 5, "p50 ms": 6, "p95 ms": 6, "queue": 5, "drops": 6, "age ms": 6}
"""Columns with figures, and how wide they are."""
LEFT_OUT = ("p50 ms", "queue")
NOTES = 6
"""How many notes are shown, the newest."""


class Starting:
    """What is shown until there are figures: models load and warm up meanwhile. `notes` may grow."""

    def __init__(self, name: str, mode: str, notes: list[str]) -> None:
        self._notes = notes
        self._spinner = Spinner("dots", Text.assemble((name, "bold"), f"  {mode}  starting ..."))

    def __rich__(self) -> Group:
        return Group(self._spinner, *_notes({"notes": list(self._notes)}))


class RunTable:
    """Draws one moment of a run at the width that there is. Columns keep their widths, so that nothing jumps."""

    def __init__(self, stats: Mapping[str, Any]) -> None:
        self.stats = stats

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        nodes = self._nodes(wide=options.max_width >= WIDE, narrow=options.max_width < NARROW)
        yield Group(_header(self.stats), *_notes(self.stats), Text(), nodes, Text(), _footer(self.stats))

    def _nodes(self, *, wide: bool, narrow: bool) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("node", no_wrap=True, overflow="ellipsis", max_width=24 if wide else 14)
        if wide:
            table.add_column("type", no_wrap=True, overflow="ellipsis", style="dim", max_width=24)
        for name, width in FIGURES.items():
            if not (narrow and name in LEFT_OUT):
                table.add_column(name, justify="right", no_wrap=True, min_width=width)
        table.add_column("", no_wrap=True, overflow="ellipsis", min_width=10)
        for row in rows(self.stats):
            table.add_row(*_cells(row, wide=wide, narrow=narrow))
        return table


def _header(stats: Mapping[str, Any]) -> Text:
    health = stats.get("health", "")
    machine = stats.get("machine") or {}
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(stats["graph"], "bold").append(f"  {stats['mode']}  {clock(stats['duration_s'])}  ")
    text.append(f"{health}", HEALTH_STYLE.get(health, ""))
    if "cpu_percent" in machine:
        text.append(f"   cpu {machine['cpu_percent']:.0f} %  memory {machine.get('rss_mb', 0):.0f} MB", "dim")
    return text


def _notes(stats: Mapping[str, Any]) -> list[Text]:
    newest = (stats.get("notes") or ())[-NOTES:]
    return [Text(f"  {note}", "cyan", no_wrap=True, overflow="ellipsis") for note in newest]


def _cells(row: Row, *, wide: bool, narrow: bool) -> list[Text]:
    figures = {
        "fps": Text(number(row.fps, 1)),
        "p50 ms": Text(number(row.p50_ms, 1)),
        "p95 ms": Text(number(row.p95_ms, 1)),
        "queue": _queue(row),
        "drops": Text(str(row.drops), "yellow" if row.drops else "dim"),
        "age ms": Text(number(row.age_ms, 0)),
    }
    shown = [text for name, text in figures.items() if not (narrow and name in LEFT_OUT)]
    return [Text(row.id, "bold"), *([Text(row.type)] if wide else []), *shown, _remark(row)]


def _queue(row: Row) -> Text:
    if row.queue is None:
        return Text("-", "dim")
    waiting, capacity = row.queue
    return Text(f"{waiting}/{capacity}" if capacity else str(waiting))


def _remark(row: Row) -> Text:
    if row.state not in ("running", "ended"):
        return Text(row.state, "bold red" if row.state == "down" else "cyan")
    if row.restarts or row.errors:
        return Text(f"{counted(row.errors, 'error')}, {counted(row.restarts, 'restart')}", "yellow")
    return Text("bottleneck", "magenta") if row.bottleneck else Text()


def _footer(stats: Mapping[str, Any]) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis", style="dim")
    credits = [f"{name} K={source['credits']}" for name, source in stats["sources"].items() if source.get("credits")]
    text.append("credits " + ", ".join(credits) + "   " if credits else "")
    dropped = [f"{cause} {count}" for cause, count in ordered(drops(stats))]
    text.append("dropped " + ", ".join(dropped) if dropped else "nothing dropped")
    text.append("   Ctrl-C ends the run" if stats.get("health") != "ended" else "")
    return text


def ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Drops in the order of the list of causes."""
    return [(cause, counts[cause]) for cause in CAUSES if cause in counts]


def number(value: float | None, digits: int) -> str:
    """A figure that stays narrow: `8.1`, `118`, `-` where there is none."""
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if value < 100 else f"{value:.0f}"
