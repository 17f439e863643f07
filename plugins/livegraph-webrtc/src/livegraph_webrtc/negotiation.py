"""What a connection offers and accepts."""

from __future__ import annotations

from aiortc import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver


def prefer(transceiver: RTCRtpTransceiver, *wanted: str) -> None:
    """Agree on none but these types (`video/h264`); aiortc knows the same ones both ways."""
    codecs = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    transceiver.setCodecPreferences([each for each in codecs if each.mimeType.lower() in wanted])
