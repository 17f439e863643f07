"""The two controls that every graph has: they act where pictures are shown, on the next one."""

from __future__ import annotations

from livegraph.params import Param, Params, param_model

FREEZE_DOC = "hold the picture that is shown, on every screen and stream; a recording goes on"
BLACKOUT_DOC = "show black, on every screen and stream; a recording and the sound go on"

Show: type[Params] = param_model(
    "Show",
    {
        "freeze": (bool, Param(False, live=True, doc=FREEZE_DOC)),
        "blackout": (bool, Param(False, live=True, doc=BLACKOUT_DOC)),
    },
)
SHOW = ""
"""The name under which they lie among the nodes: none, so their addresses are their names."""
