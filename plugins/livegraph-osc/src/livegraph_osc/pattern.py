"""OSC address patterns in linear time: `*`, `?`, `[a-z]`, `[!x]`, `{a,b}`, each within one part of an address.

A part becomes an automaton whose states are the bits of one integer (Baeza-Yates and Gonnet, "A New Approach to Text
Searching", 1992). A step is a few operations on it, so no pattern makes it go back and try again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from livegraph_osc.refused import Refused

LONGEST = 256
MOST_GROUPS = 8
"""`{a,b}` in one part: each costs a step per character."""
WILD = frozenset("*?[]{}")
Accepts = Callable[[str], bool]

T = TypeVar("T")


@dataclass(slots=True)
class Part:
    """State `i` leads to `i + 1` by a character that `tokens[i]` accepts; in a state of `loops` any may pass."""

    tokens: dict[int, Accepts] = field(default_factory=dict)
    loops: int = 0
    jumps: list[tuple[int, int]] = field(default_factory=list)
    """Who is in one of the first is in all of the second, too."""
    last: int = 0
    _masks: dict[str, int] = field(default_factory=dict)

    def matches(self, text: str) -> bool:
        states = self._closed(1)
        for character in text:
            states = self._closed(((states & self._mask(character)) << 1) | (states & self.loops))
            if not states:
                return False
        return bool(states >> self.last & 1)

    def _closed(self, states: int) -> int:
        for some, all_ in self.jumps:
            if states & some:
                states |= all_
        return states

    def _mask(self, character: str) -> int:
        mask = self._masks.get(character)
        if mask is None:
            mask = sum(1 << state for state, accepts in self.tokens.items() if accepts(character))
            self._masks[character] = mask
        return mask


class Pattern:
    """An address pattern. `Refused` where it is too long or is not closed."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise Refused("pattern", f"a pattern of {len(text)} characters; {LONGEST} at most")
        if "//" in text:
            raise Refused("pattern", "// is not supported: a pattern has as many parts as the addresses it is for")
        self._parts = [_compiled(part) for part in text.split("/")]

    def matches(self, parts: list[str]) -> bool:
        """An address, split at its slashes."""
        return bool(self.select([(parts, True)]))

    def select(self, addresses: Iterable[tuple[list[str], T]]) -> tuple[T, ...]:
        """What stands at the split addresses that match. Each name is looked at once, at however many it stands."""
        seen: list[dict[str, bool]] = [{} for _ in self._parts]
        return tuple(each for parts, each in addresses if self._among(parts, seen))

    def _among(self, parts: list[str], seen: list[dict[str, bool]]) -> bool:
        if len(parts) != len(self._parts):
            return False
        for mine, known, text in zip(self._parts, seen, parts, strict=True):
            if text not in known:
                known[text] = mine.matches(text)
            if not known[text]:
                return False
        return True


def wild(address: str) -> bool:
    return not WILD.isdisjoint(address)


def _compiled(text: str) -> Part:
    part = Part()
    at = 0
    while at < len(text):
        match text[at]:
            case "*":
                part.loops |= 1 << part.last
            case "?":
                _add(part, lambda _: True)
            case "[":
                end = _end(text, at, "]")
                _add(part, _one_of(text[at + 1 : end]))
                at = end
            case "{":
                end = _end(text, at, "}")
                _choose(part, text[at + 1 : end].split(","))
                at = end
            case "]" | "}":
                raise Refused("pattern", f"{text[at]} closes nothing")
            case character:
                _add(part, character.__eq__)
        at += 1
    return part


def _end(text: str, begin: int, closing: str) -> int:
    end = text.find(closing, begin)
    if end < 0 or text[begin] in text[begin + 1 : end]:
        raise Refused("pattern", f"{text[begin]} is not closed")
    return end


def _add(part: Part, accepts: Accepts) -> None:
    part.tokens[part.last] = accepts
    part.last += 1


def _choose(part: Part, words: list[str]) -> None:
    """Each word has states of its own, entered together and left for the same one."""
    if len(part.jumps) // 2 >= MOST_GROUPS:
        raise Refused("pattern", f"more than {MOST_GROUPS} of {{a,b}}")
    before, entries, ends = part.last, 0, 0
    for word in words:
        part.last += 1
        entries |= 1 << part.last
        for character in word:
            _add(part, character.__eq__)
        ends |= 1 << part.last
    part.last += 1
    part.jumps += [(1 << before, entries), (ends, 1 << part.last)]


def _one_of(text: str) -> Accepts:
    """`a-z` is a range; `!` in front: none of these; a `-` at an end is itself."""
    excluded = text.startswith("!")
    text = text[1:] if excluded else text
    singles, ranges, at = set[str](), list[tuple[str, str]](), 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-":
            ranges.append((min(text[at], text[at + 2]), max(text[at], text[at + 2])))
            at += 3
        else:
            singles.add(text[at])
            at += 1
    return lambda character: (
        (character in singles or any(low <= character <= high for low, high in ranges)) is not excluded
    )
