"""Picture sizes as a person writes them: `640x360`, `auto`, `source`."""

from __future__ import annotations

from livegraph import Size

SIZE_PATTERN = r"^(auto|[1-9]\d{1,4}x[1-9]\d{1,4})$"
SIZE_OR_SOURCE_PATTERN = r"^(auto|source|[1-9]\d{1,4}x[1-9]\d{1,4})$"


def parse_size(text: str, hint: Size | None) -> Size | None:
    """`WxH` as numbers; `auto` is what downstream prefers (`hint`), if anything; `source` is None: as it comes."""
    if text == "auto":
        return hint
    if text == "source":
        return None
    width, height = text.split("x")
    return int(width), int(height)
