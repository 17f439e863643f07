"""What the machine lends, and what people want meanwhile."""

from __future__ import annotations

from typing import Any

from control_support import play, three

from livegraph.runtime.run import Run


def at_once(look: Any, env: dict[str, str] | None = None, **document: Any) -> None:
    play({**three(), **document}, 1.0, {0.5: look}, env)


def test_what_is_lent_holds_and_is_nobodys_wish() -> None:
    def look(run: Run) -> None:
        bus = run.bus
        bus.set({"a.value": 4}, origin="hand")
        bus.lend({"a.value": 1, "a.level": 0.5}, origin="quality")
        assert bus.get("a.value") == 1 and bus.wished("a").value == 4
        assert bus.unsaved().values == {"a": {"value": 4}}
        assert bus.keep("now", ["a.value", "a.level"]) == {"a.value": 4, "a.level": 0.0}
        bus.undo()
        assert bus.get("a.value") == 0, "the hand's change is taken back, not the machine's"

    at_once(look)


def test_a_wish_ends_with_the_loan_or_with_another_wish() -> None:
    def look(run: Run) -> None:
        bus = run.bus
        bus.lend({"a.value": 1}, origin="quality")
        bus.lend({"a.value": 2}, origin="quality")
        assert bus.wished("a").value == 0
        bus.lend({"a.value": 0}, origin="quality")
        assert bus.wished("a").value == bus.get("a.value") == 0
        bus.lend({"a.value": 1}, origin="quality")
        bus.set({"a.value": 7}, origin="hand")
        assert bus.wished("a").value == bus.get("a.value") == 7

    at_once(look)


def test_what_came_from_the_environment_is_not_to_be_written_to_a_file() -> None:
    def look(run: Run) -> None:
        bus = run.bus
        bus.preset("secret")
        bus.set({"a.value": 3})
        bus.keep("mine", ["b.text", "a.value"])
        unsaved = bus.unsaved()
        assert unsaved.values == {"a": {"value": 3}} and unsaved.presets == {"mine": {"a.value": 3}}

    at_once(look, {"WORDS": "not for the file"}, presets={"secret": {"b.text": "so ${WORDS} it is"}})
