"""Which pair of candidates ICE chose. aiortc says so nowhere, so this reads aioice's own note of it."""

from __future__ import annotations

from aiortc import RTCPeerConnection


def chosen_pair(connection: RTCPeerConnection) -> tuple[str, str] | None:
    """The kinds of both candidates, ours first: `host`, `srflx`, `prflx` or `relay`. None before one was chosen."""
    for transceiver in connection.getTransceivers():
        for pair in transceiver.receiver.transport.transport._connection._nominated.values():
            return pair.local_candidate.type, pair.remote_candidate.type
    return None
