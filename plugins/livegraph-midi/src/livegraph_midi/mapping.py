"""The map of a graph file: what each place on the surface does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from livegraph_midi.place import Place, meant, place_of

Relative = Literal["twos", "offset", "sign"]
Beat = Literal["beat", "bar"]
Curve = Literal["linear", "smooth", "exponential"]


class Entry(BaseModel):
    """One entry: `to` a knob, a `preset`, or a `fade` between two."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    to: str | None = Field(None, description="the name of a control, or node.parameter")
    preset: str | None = Field(None, description="a preset, when pressed")
    fade: tuple[str, str] | None = Field(None, description="two presets, from the first at 0 to the second at 1")
    range: tuple[float, float] | None = Field(None, description="what the ends mean; [1, 0] turns it round")
    curve: Curve = Field("linear", description="how values lie between the ends")
    relative: Relative | None = Field(None, description="an endless encoder, by how it tells its steps")
    step: float = Field(1 / 127, gt=0, le=1, description="share of the range that one step of an encoder is")
    pickup: bool = Field(False, description="take over only when the knob passes the value")
    toggle: bool = Field(False, description="a button that sends a CC flips a switch, as a note does")
    value: bool | float | str | None = Field(None, description="the value to set, when pressed")
    over: float = Field(0.0, ge=0, le=3600, description="seconds that numbers take to get there")
    on: Beat | None = Field(None, description="wait for the next beat or bar")
    feedback: bool = Field(True, description="tell the device what changes elsewhere")

    @model_validator(mode="after")
    def _one_way(self) -> Entry:
        given = [name for name in ("to", "preset", "fade") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of to, preset and fade (got {' and '.join(given) or 'none'})")
        if self.relative and (self.pickup or self.fade or self.preset):
            raise ValueError("an encoder (relative) turns a knob (to), and needs no pickup")
        if given != ["to"] and (self.range or self.value is not None or self.toggle):
            raise ValueError("range, value and toggle are for a knob (to)")
        if self.range and self.range[0] == self.range[1]:
            raise ValueError(f"range: the ends are the same ({self.range[0]:g})")
        return self


@dataclass(frozen=True, slots=True)
class Mapped:
    """A place and what it does. `hold`: on while pressed, off when let go."""

    place: Place
    hold: bool
    entry: Entry


def read_key(text: str) -> tuple[Place, bool]:
    """`note 37 hold` is a place that is held."""
    words = str(text).split()
    hold = "hold" in words
    place = place_of(" ".join(word for word in words if word != "hold"))
    if hold and place.kind not in ("note", "cc"):
        raise ValueError(f"{text!r}: only a note or a cc can be held")
    return place, hold


def read_map(raw: Mapping[str, Any]) -> list[Mapped]:
    """All entries; `ValueError` names the first that is wrong."""
    mapped: list[Mapped] = []
    for key, what in raw.items():
        try:
            place, hold = read_key(key)
            entry = what if isinstance(what, Entry) else read_entry(what)
            if hold and (entry.to is None or entry.relative or entry.toggle):
                raise ValueError("what is held is a knob (to), without relative and toggle")
            _check_free(place, mapped)
        except ValueError as error:
            raise ValueError(f"entry {str(key)[:80]!r}: {error}") from None
        mapped.append(Mapped(place, hold, entry))
    return mapped


def read_entry(what: Any) -> Entry:
    if isinstance(what, str):
        return Entry(to=what)
    if not isinstance(what, Mapping):
        raise ValueError(f"what it does is a name, or a mapping (got {type(what).__name__})")
    for name in what:
        if name not in Entry.model_fields:
            raise ValueError(f"no key {name!r}. {meant(str(name), Entry.model_fields)}")
    try:
        return Entry.model_validate(dict(what))
    except ValidationError as error:
        item = error.errors()[0]
        where = f"{item['loc'][0]}: " if item["loc"] else ""
        raise ValueError(where + item["msg"].removeprefix("Value error, ")) from None


def parts(place: Place) -> set[int]:
    """The CC numbers that its messages have."""
    if place.kind == "pair":
        return {place.first, place.second}
    return {place.first} if place.kind == "cc" else set()


def _check_free(place: Place, mapped: list[Mapped]) -> None:
    for other in mapped:
        same = other.place == place
        overlap = place.kind != other.place.kind and parts(place) & parts(other.place)
        together = place.channel == other.place.channel or 0 in (place.channel, other.place.channel)
        if same or (overlap and together):
            raise ValueError(f"{other.place} is mapped already")


def checked(raw: Any) -> Any:
    """For Pydantic: each entry looked at by itself, so that an error names it."""
    if not isinstance(raw, Mapping):
        raise ValueError("a map is places and what they do, `cc 1: wan.noise_scale`")
    read_map(raw)
    return {str(key): what if isinstance(what, Entry) else read_entry(what) for key, what in raw.items()}


Map = Annotated[dict[str, str | Entry], BeforeValidator(checked)]
