"""A graph file as a tree of values that know their place. YAML comes in as events, so that every cap holds before
memory is spent, and nothing but plain data comes out.

Scalars follow YAML 1.2's core schema, as editors do: `no` and `12:30` are text, `1e3` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from livegraph.graph.environment import Unset, has_variable, substitute
from livegraph.graph.problems import NOWHERE, Place, Problems

MAX_DEPTH = 20
MAX_ALIASES = 100
MAX_VALUES = 100_000
_MAX_DIGITS = 300

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "map", "seq")}
_STR = "tag:yaml.org,2002:str"


class Refused(Exception):
    """The text is no document that we read: `place` and the reason, and `hint` where there is a way out."""

    def __init__(self, place: Place, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, a tuple of Values or a mapping from text to Values; `keys` has the place of each key.

    `written` is the text in the file and `filled` the text with its variables filled in, where there are any: the
    first is what may be shown.
    """

    data: Any
    place: Place = NOWHERE
    keys: Mapping[str, Place] = field(default_factory=dict)
    written: str | None = None
    filled: str | None = None
    size: int = 1
    depth: int = 1

    def plain(self) -> Any:
        """As ordinary Python data."""
        if isinstance(self.data, Mapping):
            return {key: value.plain() for key, value in self.data.items()}
        if isinstance(self.data, tuple):
            return [value.plain() for value in self.data]
        return self.data

    def shown(self) -> str:
        """As a message may show it: short, and without what the environment gave."""
        if self.written is not None:
            return self.written
        if isinstance(self.data, Mapping):
            return "a mapping"
        if isinstance(self.data, tuple):
            return "a list"
        text = "nothing" if self.data is None else repr(self.data)
        return text if len(text) <= 60 else f"{text[:57]}..."


def scalar(text: str) -> Any:
    """What a plain (unquoted) YAML 1.2 scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text) if _FLOAT.fullmatch(text) else text


def parse(text: str, env: Mapping[str, str], problems: Problems) -> Value:
    """Read YAML. Raises `Refused` for what cannot be read on; keys given twice and unset variables are noted in
    `problems`, as are the values that came from `env` in its `secrets`.
    """
    try:
        return _Composer(text, env, problems).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark else NOWHERE
        raise Refused(place, f"not valid YAML: {error.problem or error.context}", _advice(text, error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Refused(Place(line), f"not valid YAML: character U+{error.character:04X} is not allowed") from None
    except (ValueError, OverflowError):
        raise Refused(NOWHERE, "not valid YAML: an escape that stands for no character") from None


def _advice(text: str, error: yaml.MarkedYAMLError) -> str | None:
    """The way out of what people stumble over."""
    mark = error.problem_mark
    if "'\\t'" in str(error.problem):
        return "Indent with spaces, not with tabs."
    if mark is not None and text[: mark.index + 1].endswith("${"):
        return 'Inside { } and [ ] a variable needs quotes: "${NAME}".'
    return None


def from_python(data: Any, env: Mapping[str, str], problems: Problems, depth: int = 1) -> Value:
    """The same tree from Python mappings, sequences and scalars, without places."""
    if depth > MAX_DEPTH:
        raise Refused(NOWHERE, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(data, Mapping):
        return Value({str(key): from_python(value, env, problems, depth + 1) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return Value(tuple(from_python(item, env, problems, depth + 1) for item in data))
    return _with_variables(data, NOWHERE, env, problems, plain=True) if isinstance(data, str) else Value(data)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _with_variables(text: str, place: Place, env: Mapping[str, str], problems: Problems, *, plain: bool) -> Value:
    """A text scalar with `${NAME}` filled in; one that was not quoted is then read as YAML reads it."""
    if not has_variable(text):
        return Value(text, place)
    try:
        filled = substitute(text, env, problems.secrets)
    except Unset as unset:
        name = unset.args[0]
        problems.add(
            place,
            f"the environment variable {name} is not set",
            hint=f"Set it, or write ${{{name}:-default}}.",
        )
        problems.spoil(place)
        return Value(None, place, written=text, filled="")
    return Value(scalar(filled) if plain else filled, place, written=text, filled=filled)


class _Composer:
    """Builds the tree from YAML events, counting depth, values and aliases as it goes."""

    def __init__(self, text: str, env: Mapping[str, str], problems: Problems) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._env = env
        self._problems = problems
        self._anchors: dict[str, Value | None] = {}
        self._aliases = 0
        self._size = 0

    def document(self) -> Value:
        found: Value | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    raise Refused(_place(event.start_mark), "a second document: a graph file holds one")
                found = self._value(next(self._events), 1)
        if found is None or (found.data is None and found.written is None):
            raise Refused(NOWHERE, "the file is empty", "A graph file begins with `livegraph: 1`.")
        return found

    def _value(self, event: Any, depth: int) -> Value:
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            value = self._alias(event.anchor, place, depth)
        else:
            if event.tag is not None and event.tag not in _TAGS | {_STR, "!"}:
                tag = event.tag.replace("tag:yaml.org,2002:", "!!")
                raise Refused(place, f"the tag {tag} is not allowed: graph files hold plain data only")
            if event.anchor:
                self._anchors[event.anchor] = None
            value = self._node(event, place, depth)
            if event.anchor:
                self._anchors[event.anchor] = value
        return value

    def _node(self, event: Any, place: Place, depth: int) -> Value:
        self._count(1, depth, place)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._items(yaml.SequenceEndEvent, depth))
            return Value(items, place, size=1 + sum(item.size for item in items), depth=1 + _deepest(items))
        return self._mapping(place, depth)

    def _count(self, values: int, depth: int, place: Place) -> None:
        self._size += values
        if depth > MAX_DEPTH:
            raise Refused(place, f"nested deeper than {MAX_DEPTH} levels")
        if self._size > MAX_VALUES:
            raise Refused(place, f"more than {MAX_VALUES} values (aliases count as often as they are used)")

    def _alias(self, anchor: str | None, place: Place, depth: int) -> Value:
        value = self._anchors.get(anchor or "")
        if value is None:
            inside = anchor in self._anchors
            raise Refused(place, f"the alias *{anchor} " + ("contains itself" if inside else "has no anchor before it"))
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Refused(place, f"more than {MAX_ALIASES} aliases")
        self._count(value.size, depth + value.depth - 1, place)
        return value

    def _items(self, end: type, depth: int) -> Iterator[Value]:
        while not isinstance(event := next(self._events), end):
            yield self._value(event, depth + 1)

    def _mapping(self, place: Place, depth: int) -> Value:
        data: dict[str, Value] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise Refused(_place(event.start_mark), "a key must be a plain name")
            key, where = event.value, _place(event.start_mark)
            self._scalar(event, where, key=True)
            value = self._value(next(self._events), depth + 1)
            if key in data:
                self._problems.add(where, f"the key {key} is here twice; the first is on line {keys[key].line}")
            else:
                data[key], keys[key] = value, where
        values = tuple(data.values())
        return Value(data, place, keys, size=1 + sum(item.size for item in values), depth=1 + _deepest(values))

    def _scalar(self, event: yaml.ScalarEvent, place: Place, *, key: bool = False) -> Value:
        text = event.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Refused(place, "not valid YAML: an escape that stands for half a character")
        if key:
            return Value(text, place)
        plain = event.style is None and event.tag != _STR and event.tag != "!"
        if has_variable(text):
            return _with_variables(text, place, self._env, self._problems, plain=plain)
        return Value(scalar(text) if plain else text, place)


def _deepest(values: Sequence[Value]) -> int:
    return max((value.depth for value in values), default=0)
