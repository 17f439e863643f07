"""Who hears how a pull goes, or a check."""

from __future__ import annotations

from livegraph.models.library import FileLook


class Reporter:
    """The quiet one, and what the others are made of."""

    def say(self, text: str) -> None:
        """A line for a person."""

    def begin(self, model: str, look: FileLook) -> None:
        """A file is next."""

    def told(self, have: int) -> None:
        """So many bytes of it are here."""

    def end(self) -> None:
        """That file is done."""
