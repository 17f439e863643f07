"""OSCQuery (https://github.com/Vidvox/OSCQueryProposal): what there is, in JSON. Pure logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livegraph_osc.codec import tag_of
from livegraph_osc.feedback import Feedback
from livegraph_osc.places import Place, Places

ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT")
READ, READ_WRITE = 1, 3
TAGS: Mapping[str, str] = {"number": "f", "integer": "i", "switch": "T", "choice": "s", "text": "s", "other": "s"}
Document = dict[str, Any]


class Answers:
    """What is asked for by path and attribute."""

    def __init__(self, places: Places, feedback: Feedback, name: str, port: int) -> None:
        self._places, self._feedback, self._name, self._port = places, feedback, name, port

    def has(self, path: str) -> bool:
        return path in self._places.at

    def ask(self, path: str, attribute: str) -> Document | None:
        """The tree below a path, or one attribute of it. None where it has no such; `KeyError` where nothing is there,
        `ValueError` for an attribute that nobody knows.
        """
        if attribute == "HOST_INFO":
            return self.host_info()
        if attribute and attribute not in ATTRIBUTES:
            raise ValueError(attribute)
        document = self._tree(path.rstrip("/"))
        if not attribute:
            return document
        return {attribute: document[attribute]} if attribute in document else None

    def host_info(self) -> Document:
        known = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "LISTEN")
        return {
            "NAME": self._name,
            "OSC_PORT": self._port,
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": {**dict.fromkeys(known, True), "PATH_CHANGED": False},
        }

    def _tree(self, path: str) -> Document:
        below = [place for address, place in self._places.at.items() if f"{address}/".startswith(f"{path}/")]
        if not below:
            raise KeyError(path)
        top: Document = {"FULL_PATH": path or "/"}
        for place in below:
            at = top
            walked = path
            for part in filter(None, place.address[len(path) :].split("/")):
                walked += f"/{part}"
                at = at.setdefault("CONTENTS", {}).setdefault(part, {"FULL_PATH": walked})
            at.update(self._leaf(place))
        return top

    def _leaf(self, place: Place) -> Document:
        knob = place.knob
        value = self._feedback.value(place)
        told: Document = {
            "FULL_PATH": place.address,
            "TYPE": "f" if place.norm else tag_of(value) if isinstance(value, bool) else TAGS[knob.kind],
            "ACCESS": READ if knob.kind == "other" else READ_WRITE,
            "VALUE": [value],
            "RANGE": _range(place),
            "DESCRIPTION": knob.doc or None,
            "UNIT": [knob.unit] if knob.unit and not place.norm else None,
        }
        return {key: each for key, each in told.items() if each is not None}


def _range(place: Place) -> list[Document] | None:
    knob = place.knob
    if place.norm:
        return [{"MIN": 0.0, "MAX": 1.0}]
    if knob.kind == "choice":
        return [{"VALS": list(knob.choices)}]
    limits = {key: value for key, value in (("MIN", knob.low), ("MAX", knob.high)) if value is not None}
    return [limits] if limits else None
