from __future__ import annotations

from typing import Literal

import pytest

from livegraph import Frame, In, Param, Sink, Video
from livegraph.control.knobs import Knob, knobs_of
from livegraph.graph import Control, Plan


class Many(Sink):
    video: In[Video]
    ratio: float = Param(0.3, ge=0, le=1, live=True, unit="x", doc="how much")
    steps: int = Param(2, ge=1, le=4, live=True, doc="how many")
    on: bool = Param(True, live=True, doc="whether")
    look: Literal["ink", "oil"] = Param("ink", doc="which")
    prompt: str = Param("a field", live=True, doc="what")
    limit: float | None = Param(None, ge=0, live=True, doc="at most")
    path: str = Param("secret/place", remote=False, doc="where")
    key: str = Param("s3cret", secret=True, doc="with what")

    def process(self, video: Frame) -> None: ...


@pytest.fixture
def knobs() -> dict[str, Knob]:
    controls = {"mix": Control("mix", "n", "ratio", (0.2, 0.4)), "hidden": Control("hidden", "n", "path")}
    return knobs_of(Plan("p", "live", (), controls=controls), controls, {"n": Many.Params()})


def test_all_that_may_be_changed_from_outside(knobs: dict[str, Knob]) -> None:
    assert list(knobs) == ["mix", "n.ratio", "n.steps", "n.on", "n.look", "n.prompt", "n.limit"]
    kinds = {"n.ratio": "number", "n.steps": "integer", "n.on": "switch", "n.look": "choice", "n.prompt": "text"}
    assert {address: knobs[address].kind for address in kinds} == kinds
    assert knobs["n.limit"].kind == "number" and knobs["n.look"].choices == ("ink", "oil")


def test_a_control_has_a_range_of_its_own(knobs: dict[str, Knob]) -> None:
    mix = knobs["mix"]
    assert (mix.low, mix.high, mix.target, mix.control) == (0.2, 0.4, "n.ratio", True)
    assert (knobs["n.ratio"].low, knobs["n.ratio"].high) == (0, 1)


def test_shares_of_a_range(knobs: dict[str, Knob]) -> None:
    assert knobs["mix"].at_share(0.5) == pytest.approx(0.3)
    assert knobs["mix"].at_share(7) == 0.4 and knobs["mix"].at_share(-1) == 0.2
    assert knobs["n.steps"].at_share(0.5) in (2, 3) and isinstance(knobs["n.steps"].at_share(0.5), int)
    assert knobs["mix"].share(0.25) == pytest.approx(0.25)
    assert knobs["n.ratio"].share(9) == 1.0
    for share in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="is no share"):
            knobs["mix"].at_share(share)
    with pytest.raises(ValueError, match=r"n\.prompt has no range"):
        knobs["n.prompt"].at_share(0.5)


def test_as_a_document(knobs: dict[str, Knob]) -> None:
    assert knobs["n.ratio"].document() == {
        "address": "n.ratio",
        "kind": "number",
        "min": 0,
        "max": 1,
        "unit": "x",
        "default": 0.3,
        "doc": "how much",
    }
    assert knobs["n.look"].document()["rebuild"] is True
    assert knobs["mix"].document()["target"] == "n.ratio"
