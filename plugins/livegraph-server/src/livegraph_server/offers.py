"""What a run offers to the world: videos to watch, and places to send one to. The page and the API list them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Output:
    """A video that can be watched: the node that gives it, how (`kind`), and where (`path`, from the root)."""

    id: str
    kind: Literal["mjpeg", "socket", "whep"]
    path: str


@dataclass(frozen=True, slots=True)
class Input:
    """A place that takes a video."""

    id: str
    kind: Literal["socket", "whip"]
    path: str


Offer: TypeAlias = Output | Input


class Offers:
    """All that is offered now, in the order in which it came. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offers: list[Offer] = []

    def add(self, offer: Offer) -> Callable[[], None]:
        """Offer something; calling what is returned withdraws it, and nothing that was offered at its place since."""
        with self._lock:
            self._offers = [other for other in self._offers if other.path != offer.path]
            self._offers.append(offer)
        return lambda: self._withdraw(offer)

    def document(self) -> dict[str, list[dict[str, Any]]]:
        """`outputs` and `inputs`, as the API lists them."""
        offers = list(self._offers)
        return {
            "outputs": [asdict(offer) for offer in offers if isinstance(offer, Output)],
            "inputs": [asdict(offer) for offer in offers if isinstance(offer, Input)],
        }

    def _withdraw(self, offer: Offer) -> None:
        with self._lock:
            self._offers = [other for other in self._offers if other is not offer]
