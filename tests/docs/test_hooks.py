"""docs/hooks.md has every hook, with its signature and no other."""

from __future__ import annotations

import inspect
import re

import pytest
from docs_support import ROOT

from livegraph import hookspecs

PAGE = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
HOOKS = {name: item for name, item in vars(hookspecs).items() if hasattr(item, "livegraph_spec")}


def test_the_page_has_the_hooks_that_there_are() -> None:
    assert HOOKS
    assert re.findall(r"^## (livegraph_\w+)$", PAGE, re.MULTILINE) == list(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_its_signature_and_its_line_stand_there(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    signature = str(inspect.signature(HOOKS[name])).replace("'", "")
    assert f"\n    {name}{signature}\n" in section
    line = (inspect.getdoc(HOOKS[name]) or "").rstrip(".")
    assert line and line in " ".join(section.split())


@pytest.mark.parametrize("name", [name for name in HOOKS if not name.startswith("livegraph_run")])
def test_it_has_an_example(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"def {name}(" in section
