from __future__ import annotations

import pytest

from livegraph import ParamError
from livegraph.control.presets import preset, resolve
from livegraph.graph import Control, Plan

CONTROLS = {
    "prompt": Control("prompt", "wan", "prompt"),
    "strength": Control("strength", "wan", "noise_scale", (0.6, 0.9)),
}
PLAN = Plan("p", "live", (), controls=CONTROLS, presets={"ink": {"prompt": "ink", "strength": 0.7, "blend.ratio": 0.1}})


def test_controls_and_parameters_by_node() -> None:
    assert preset(PLAN, "ink") == {"wan": {"prompt": "ink", "noise_scale": 0.7}, "blend": {"ratio": 0.1}}


def test_a_range_narrows_numbers_only() -> None:
    assert resolve(CONTROLS, {"strength": 0.9}) == {"wan": {"noise_scale": 0.9}}
    assert resolve(CONTROLS, {"strength": "auto"}) == {"wan": {"noise_scale": "auto"}}
    with pytest.raises(ParamError, match=r"strength ranges from 0\.6 to 0\.9 \(got 1\)"):
        resolve(CONTROLS, {"strength": 1})


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(ParamError, match=r"no control 'promt'\. Did you mean prompt\?"):
        resolve(CONTROLS, {"promt": "x"})
    with pytest.raises(ParamError, match=r"no preset 'inc'\. Did you mean ink\?"):
        preset(PLAN, "inc")
    with pytest.raises(ParamError, match=r"no preset 'x'\. The graph has none\."):
        preset(Plan("p", "live", ()), "x")
