"""`freeze` and `blackout`, which every graph has: in presets, at the start, kept and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from control_support import Window, play, three

from livegraph.runtime.run import Run

SHOWN = {
    "livegraph": 1,
    "mode": "live",
    "nodes": {"src": {"use": "test.painter"}, "out": {"use": "test.window", "in": "src"}},
    "presets": {"dark": {"blackout": True}, "light": {"blackout": False}, "still": {"freeze": True}},
}


def test_a_preset_makes_it_black_and_another_light() -> None:
    play(SHOWN, 3.0, {1.0: lambda run: run.bus.preset("dark"), 2.0: lambda run: run.bus.preset("light")})
    assert all(black for when, _, black in Window.shown if 1.034 < when < 2.0)
    assert not any(black for when, _, black in Window.shown if when <= 1.0 or when > 2.034)


def test_a_run_may_begin_black() -> None:
    play(SHOWN, 2.0, {1.0: lambda run: run.bus.set({"blackout": False})}, preset="dark")
    assert all(black for when, _, black in Window.shown if when <= 1.0)
    assert sum(not black for *_, black in Window.shown) > 20


def test_a_run_that_begins_frozen_holds_its_first_picture() -> None:
    play(SHOWN, 1.0, {}, preset="still")
    assert {number for _, number, _ in Window.shown} == {0} and len(Window.shown) > 20


@pytest.mark.parametrize("preset", [None, "dark"])
def test_a_reset_goes_back_to_how_the_run_began(preset: str | None) -> None:
    def hands(run: Run) -> None:
        began = preset is not None
        assert run.bus.get("blackout") is began
        run.bus.set({"blackout": not began, "freeze": True})
        run.bus.reset()
        assert (run.bus.get("blackout"), run.bus.get("freeze")) == (began, False)

    play(SHOWN, 1.0, {0.5: hands}, preset=preset)


def test_a_fade_switches_in_the_middle() -> None:
    def hands(run: Run) -> None:
        for share, black in ((0.4, False), (0.5, True), (1.0, True)):
            run.bus.fade("light", "dark", share)
            assert run.bus.get("blackout") is black

    play(SHOWN, 1.0, {0.5: hands})


def test_they_are_kept_only_where_they_are_named() -> None:
    def hands(run: Run) -> None:
        run.bus.set({"blackout": True, "level": 0.5})
        assert run.bus.keep("look") == {"level": 0.5}
        assert run.bus.keep("dark", ["level", "blackout"]) == {"level": 0.5, "blackout": True}

    play(three(), 1.0, {0.5: hands})


def test_without_controls_all_knobs_are_kept_but_these() -> None:
    def hands(run: Run) -> None:
        kept = run.bus.keep("look")
        assert "a.level" in kept and not {"freeze", "blackout", "a.path"} & kept.keys()

    document: dict[str, Any] = {name: value for name, value in three().items() if name not in ("controls", "presets")}
    play(document, 1.0, {0.5: hands})
