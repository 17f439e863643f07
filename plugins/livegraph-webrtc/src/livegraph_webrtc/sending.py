"""A connection that sends what a broadcast shows."""

from __future__ import annotations

from functools import partial

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.broadcast import Broadcast
from livegraph_webrtc.encoder import Codec
from livegraph_webrtc.feedback import listen
from livegraph_webrtc.viewer import Viewer


def send(connection: RTCPeerConnection, broadcast: Broadcast, codec: Codec) -> tuple[Viewer, RTCRtpTransceiver]:
    """Join the broadcast by this connection, before it is negotiated. The viewer has to leave when it ends."""
    viewer = broadcast.join()
    transceiver = connection.addTransceiver(viewer, "sendonly")
    wanted = (f"video/{codec}", "video/rtx")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([each for each in codecs if each.mimeType.lower() in wanted])
    listen(transceiver.sender, partial(broadcast.hear, viewer))
    return viewer, transceiver
