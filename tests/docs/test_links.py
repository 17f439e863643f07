"""Links lead somewhere, and what a page promises to list in full is complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from docs_support import PAGES, PLUGIN_PAGES, ROOT, prose

from livegraph.graph.feeds import FEED_KEYS
from livegraph.graph.references import EDGE_KEYS, REFERENCE_KEYS
from livegraph.graph.schema import CONTROL_KEYS, GRAPH_KEYS, NODE_KEYS
from livegraph.testing import run_graph
from livegraph.types import DropCause, EdgeKind, JoinKind, NodeState, OnError

LINK = re.compile(r"\]\(([^()\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(prose(page)) if not urlsplit(link).scheme]


@pytest.mark.parametrize("page", PAGES + PLUGIN_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT) and target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def test_every_page_can_be_found_from_the_readme() -> None:
    found = {ROOT / "README.md"}
    queue = list(found)
    for page in queue:
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in found:
                found.add(target)
                queue.append(target)
    decisions = {page for page in PAGES if page.parent.name == "decisions"}
    assert set(PAGES) - decisions <= found


def test_every_picture_is_used() -> None:
    """Those of wan-nano are made and shown by its plugin."""
    shown = {(page.parent / link).resolve() for page in PAGES + PLUGIN_PAGES for link in links(page)}
    pictures = {path for path in (ROOT / "docs/images").iterdir() if path.suffix in (".svg", ".png", ".jpg")}
    assert {path for path in pictures - shown if not path.name.startswith("wan-nano-")} == set()


def test_every_graph_is_mentioned() -> None:
    page = (ROOT / "docs/graphs.md").read_text(encoding="utf-8")
    for path in (ROOT / "graphs").glob("*.yaml"):
        assert f"(../graphs/{path.name})" in page


@pytest.mark.parametrize("keys", [GRAPH_KEYS, NODE_KEYS, REFERENCE_KEYS])
def test_the_tables_of_keys_are_complete(keys: tuple[str, ...]) -> None:
    page = prose(ROOT / "docs/graphs.md")
    for key in keys:
        assert f"| `{key}` |" in page


@pytest.mark.parametrize(
    "words", [CONTROL_KEYS, EDGE_KEYS, FEED_KEYS, get_args(EdgeKind), get_args(JoinKind), get_args(OnError)]
)
def test_every_word_is_there(words: tuple[str, ...]) -> None:
    page = (ROOT / "docs/graphs.md").read_text(encoding="utf-8")
    for word in words:
        assert re.search(rf"\b{word}\b", page)


def test_every_cause_of_a_drop_is_explained() -> None:
    page = prose(ROOT / "docs/scheduler.md")
    causes = set(re.findall(r"^\| `(\w+)` \| (?:source|node|edge|sink)", page, re.MULTILINE))
    assert causes == set(get_args(DropCause))


def test_every_figure_and_state_is_described() -> None:
    page = prose(ROOT / "docs/statistics.md")
    nodes = {"scene": {"use": "test.source", "params": {"frames": 3}}, "end": {"use": "test.collect", "in": "scene"}}
    stats = run_graph({"livegraph": 1, "nodes": nodes}, virtual=1).stats
    rows = [stats, stats["machine"], stats["tickets"]]
    rows += [next(iter(stats[part].values())) for part in ("sources", "nodes", "edges", "sinks")]
    for key in [key for row in rows for key in row] + list(get_args(NodeState)):
        assert f"`{key}`" in page, key
