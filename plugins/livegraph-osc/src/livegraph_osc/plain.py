"""The commonest packet, one float at one address, known by its first bytes: nothing of it is read twice."""

from __future__ import annotations

import struct

from livegraph_osc.board import Board
from livegraph_osc.codec import write
from livegraph_osc.places import Place, Places

FLOAT = struct.Struct(">f")


class Plain:
    """Address and type tag, as bytes, of each place that no signal reads."""

    def __init__(self, places: Places, board: Board) -> None:
        self._heads = {
            write(address, 0.0)[: -FLOAT.size]: place
            for address, place in places.at.items()
            if not board.readers(address)
        }

    def read(self, packet: bytes) -> tuple[Place, float] | None:
        """None for any other packet."""
        place = self._heads.get(packet[: -FLOAT.size])
        return None if place is None else (place, FLOAT.unpack(packet[-FLOAT.size :])[0])
