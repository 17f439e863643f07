"""The page as files: what it says and loads. How it looks is for eyes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from server_support import UNWATCHED, Play

STATIC = files("livegraph_server") / "static"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed((STATIC / "index.html").read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_it_is_small() -> None:
    assert sum(len(file.read_text().splitlines()) for file in STATIC.iterdir()) < 300


def test_it_runs_under_its_own_policy() -> None:
    for tag, attributes in Tags().tags:
        assert tag != "style" and "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "script" or attributes.get("src", "").startswith("/")  # type: ignore[union-attr]
    assert not re.search(r"innerHTML|eval\(|https?://", (STATIC / "app.js").read_text())


def test_what_the_script_looks_for_is_there_and_labels_point_at_something() -> None:
    ids = {attributes["id"] for _, attributes in Tags().tags if "id" in attributes}
    assert set(re.findall(r'\$\("([\w-]+)"\)', (STATIC / "app.js").read_text())) <= ids
    labelled = {value for _, attributes in Tags().tags for key, value in attributes.items() if key == "aria-labelledby"}
    assert labelled and labelled <= ids


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("name", ["text", "soft", "good", "warn", "bad", "busy"])
def test_every_colour_of_text_stands_out(name: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 or more."""
    colours = dict(re.findall(r"--(\w+): (#\w{6})", (STATIC / "style.css").read_text()))
    for ground in ("ground", "panel"):
        lighter, darker = luminance(colours[name]), luminance(colours[ground])
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_it_is_served(play: Play) -> None:
    with play(UNWATCHED).client() as client:
        for path, kind in (("/", "text/html"), ("/app.js", "text/javascript"), ("/style.css", "text/css")):
            answer = client.get(path)
            assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert client.get("/favicon.ico").status_code == 204
