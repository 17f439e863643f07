"""The tables in docs/benchmarks.md are those of the documents in docs/benchmarks, which `livegraph bench` wrote.

`scripts/bench publish` measures and writes both anew; `python tests/docs/test_benchmarks.py` the page alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from livegraph import Figure
from livegraph.bench.machine import Machine
from livegraph.bench.show import parts, rows, under

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FOLDER = PAGE.with_suffix("")
TABLES = re.compile(
    r"(?<=^<!-- bench: )(?P<name>[\w.-]+) -->\n(?P<text>.*?)(?=^<!-- end -->$)", re.DOTALL | re.MULTILINE
)


def tables_of(document: dict[str, Any]) -> str:
    """A document's figures in Markdown, with the machine that they were measured on."""
    lines = [f"Measured on: {Machine(**document['machine'])}{'; quick: rough figures' if document['quick'] else ''}."]
    for found in document["benches"].values():
        figures = [Figure(**{name: value for name, value in one.items() if name != "met"}) for one in found]
        for part, of in parts(figures):
            lines += ["", *([f"**{part}**", ""] if part else []), *_table(of)]
    lines += [f"\n{name} was not measured: {reason}" for name, reason in document["refused"].items()]
    return "\n".join(lines) + "\n"


def _table(figures: list[Figure]) -> Iterator[str]:
    """What all lines were measured under stands above them; no column is empty."""
    settings = {under(figure) for figure in figures}
    if len(settings) == 1 and (said := settings.pop()):
        yield f"Under: {said}."
        yield ""
        settings = set()
    cells = [
        (name + (f" ({note})" if note else ""), under(figure) if settings else "", value, bar, verdict)
        for figure, (name, value, bar, verdict, note) in zip(figures, rows(figures), strict=True)
    ]
    heads = ("what", "under", "measured", "bar", "")
    kept = [index for index in range(5) if any(row[index] for row in cells)]
    for row in (heads, ["---"] * 5, *cells):
        yield "| " + " | ".join(row[index] for index in kept) + " |"


def documents() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def test_the_tables_are_those_of_the_documents() -> None:
    written = {match["name"]: match["text"] for match in TABLES.finditer(PAGE.read_text(encoding="utf-8"))}
    found = documents()
    assert found and found.keys() <= written.keys(), "each document has its place on the page"
    for name, document in found.items():
        assert written[name] == tables_of(document), __doc__


def write() -> None:
    found = documents()
    text = PAGE.read_text(encoding="utf-8")

    def fresh(match: re.Match[str]) -> str:
        """What has no document stays as it stands there."""
        document = found.get(match["name"])
        return match[0] if document is None else f"{match['name']} -->\n{tables_of(document)}"

    PAGE.write_text(TABLES.sub(fresh, text), encoding="utf-8")


if __name__ == "__main__":
    write()
