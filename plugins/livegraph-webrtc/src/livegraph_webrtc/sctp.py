"""Bounds for what comes by SCTP, in which data channels go. aiortc tells the other side how much it takes, and takes
more. This touches names of aiortc's own, which a test pins.
"""

from __future__ import annotations

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import DataChunk, RTCSctpCapabilities

from livegraph_server.control_message import LARGEST

WINDOW = 2 * LARGEST
"""Bytes of messages that are not whole yet."""
_FAR = 1024
"""Chunks that may overtake one that is missing."""


def bound(transport: RTCSctpTransport) -> None:
    """To be called before the answer is made, which tells the same bounds. A chunk beyond them counts as lost: a sender
    that keeps to the protocol sends it again (RFC 9260, section 6.2).
    """
    take = transport._receive_data_chunk

    async def take_bounded(chunk: DataChunk) -> None:
        ahead = (chunk.tsn - (transport._last_received_tsn or 0)) % (1 << 32)
        is_far = _FAR < ahead < 1 << 31
        if chunk.user_data and len(chunk.user_data) <= transport._advertised_rwnd and not is_far:
            await take(chunk)

    transport._advertised_rwnd = WINDOW
    transport._receive_data_chunk = take_bounded  # type: ignore[method-assign]
    told = RTCSctpCapabilities(maxMessageSize=LARGEST)
    transport.getCapabilities = lambda: told  # type: ignore[method-assign]
