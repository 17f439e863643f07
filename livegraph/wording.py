"""Counts and lists as sentences have them."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: float, noun: str) -> str:
    """`1 frame`, `2 frames`, `2.5 frames`."""
    written = str(number) if isinstance(number, int) else f"{number:g}"
    return f"{written} {noun}" + ("" if number == 1 else "s")


def there_are(names: Iterable[str], none: str = "It has none.") -> str:
    """`There is video.`, `There are video, mask.`; `none` where there are no names."""
    known = list(names)
    if not known:
        return none
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}."
