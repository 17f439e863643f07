from __future__ import annotations

import pytest

from livegraph import ParamError
from livegraph.control.presets import between, resolve
from livegraph.graph import Control

CONTROLS = {
    "prompt": Control("prompt", "wan", "prompt"),
    "strength": Control("strength", "wan", "noise_scale", (0.6, 0.9)),
}


def test_controls_and_parameters_by_node() -> None:
    values = {"prompt": "ink", "strength": 0.7, "blend.ratio": 0.1}
    assert resolve(CONTROLS, values) == {"wan": {"prompt": "ink", "noise_scale": 0.7}, "blend": {"ratio": 0.1}}


def test_a_range_narrows_numbers_only() -> None:
    assert resolve(CONTROLS, {"strength": 0.9}) == {"wan": {"noise_scale": 0.9}}
    assert resolve(CONTROLS, {"strength": "auto"}) == {"wan": {"noise_scale": "auto"}}
    with pytest.raises(ParamError, match=r"strength ranges from 0\.6 to 0\.9 \(got 1\)"):
        resolve(CONTROLS, {"strength": 1})


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(ParamError, match=r"no control 'promt'\. Did you mean prompt\?"):
        resolve(CONTROLS, {"promt": "x"})


def test_a_number_of_any_length_is_refused_in_words() -> None:
    with pytest.raises(ParamError, match=r"strength ranges from 0\.6 to 0\.9 \(got a number of hundreds of digits\)"):
        resolve(CONTROLS, {"strength": 10**400})
    with pytest.raises(ParamError, match=r"a fade goes from 0 to 1 \(got a number of hundreds of digits\)"):
        between({}, {}, 10**400)
