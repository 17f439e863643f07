"""docs/hooks.md has every hook, with its signature and no other."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

import pytest
from docs_support import ROOT, Block, blocks

from livegraph import hookspecs
from livegraph.registry import Registry

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


@pytest.mark.parametrize("block", list(blocks("python", [ROOT / "docs/hooks.md"])), ids=str)
def test_its_example_is_a_plugin(block: Block) -> None:
    plugin = ModuleType("plugin")
    exec(block.text, plugin.__dict__)
    plugin.livegraph_api = hookspecs.API
    registry = Registry(discover=False)
    assert registry.add(getattr(plugin, "Knob", lambda: plugin)(), "acme").state == "loaded"
    registry.manager.check_pending()
    assert registry.manager.get_hookcallers(registry.manager.get_plugin("acme"))
