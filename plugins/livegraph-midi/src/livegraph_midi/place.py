"""Places on a surface: what can be moved or pressed, as the map names it (`cc 7/39 ch2`)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

Kind = Literal["cc", "pair", "nrpn", "rpn", "note", "bend", "pressure", "program"]
"""`pair`: two CCs, of which the second has the lower seven bits."""

FORMS = {
    "cc": r"(\d+)(?:/(\d+))?",
    "nrpn": r"(\d+):(\d+)",
    "rpn": r"(\d+):(\d+)",
    "note": r"(\d+)",
    "bend": "",
    "pressure": "",
    "program": r"(\d+)",
}
EXAMPLES = {"cc": "cc 1 or cc 7/39", "nrpn": "nrpn 1:5", "rpn": "rpn 0:0", "note": "note 36", "program": "program 3"}


@dataclass(frozen=True, slots=True)
class Place:
    """`first` and `second` are 0..127, 0 where the kind has none. `channel` is 1..16 as on the device's label, or 0: on
    any.
    """

    kind: Kind
    first: int = 0
    second: int = 0
    channel: int = 0

    def on(self, channel: int) -> Place:
        return replace(self, channel=channel)

    def __str__(self) -> str:
        words = {
            "cc": f"cc {self.first}",
            "pair": f"cc {self.first}/{self.second}",
            "bend": "bend",
            "pressure": "pressure",
        }
        parted = f"{self.kind} {self.first}:{self.second}" if self.kind in ("nrpn", "rpn") else ""
        word = words.get(self.kind) or parted or f"{self.kind} {self.first}"
        return f"{word} ch{self.channel}" if self.channel else word


def place_of(text: str) -> Place:
    """`ValueError` says what is wrong with it, and offers what was meant."""
    word, *rest = text.split() or [""]
    if word not in FORMS:
        raise ValueError(f"{word!r} is no kind of place. {meant(word, FORMS)}")
    channel = 0
    if rest and (match := re.fullmatch(r"ch(\d{1,2})", rest[-1])):
        channel = int(match[1])
        rest.pop()
        if not 1 <= channel <= 16:
            raise ValueError(f"channels are ch1 to ch16 (got ch{channel})")
    match = re.fullmatch(FORMS[word], " ".join(rest))
    if match is None:
        raise ValueError(f"{text!r} is no place: write {EXAMPLES.get(word, word)}, and ch1 to ch16 after it if need be")
    numbers = [int(each) for each in match.groups() if each is not None]
    if any(number > 127 for number in numbers):
        raise ValueError(f"{text!r}: numbers are 0 to 127")
    kind = "pair" if word == "cc" and len(numbers) == 2 else word
    assert kind in get_args(Kind)
    first, second = [*numbers, 0, 0][:2]
    if kind == "pair" and first == second:
        raise ValueError(f"{text!r}: the two halves of 14 bits are two controllers, mostly {first}/{first + 32}")
    return Place(kind, first, second, channel)  # type: ignore[arg-type]  # asserted above


def meant(word: str, words: Iterable[str]) -> str:
    """`Did you mean note?`, or all that there are."""
    words = list(words)
    near = difflib.get_close_matches(word, words, 1, 0.6)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(words[:20]) or 'none'}."
