"""What is taken from one sender: the pictures, and sound where it is wanted, each on its way to a decoder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiortc import RTCPeerConnection
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.decoder import Decoded, Decoder
from livegraph_webrtc.feedback import listen_to_reports
from livegraph_webrtc.intake import take_over
from livegraph_webrtc.lip_sync import LipSync, StreamClock
from livegraph_webrtc.negotiation import prefer
from livegraph_webrtc.opus_decoder import Heard, OpusDecoder
from livegraph_webrtc.sound_intake import SoundIntake, take_over_sound


class Receiving:
    """Loop thread only, but for `status`. `fail` hears what has ended a decoder: a bug, not the stream."""

    def __init__(self, connection: RTCPeerConnection, fail: Callable[[Exception], None]) -> None:
        self._connection = connection
        self._fail = fail
        self._sound: tuple[OpusDecoder, SoundIntake] | None = None
        self.lip_sync = LipSync()
        self.transceivers: list[RTCRtpTransceiver] = []
        self.replaced = 0
        """Pictures that were not taken before the next came."""

    def take_video(self, show: Callable[[Decoded], None], most_pixels: int) -> None:
        """`show` is called on the decoder's thread."""
        self.decoder = Decoder(show, self._fail, most_pixels)
        transceiver = self._add("video")
        self._intake = take_over(transceiver, self.decoder, partial(_arrived, self.lip_sync.video))
        listen_to_reports(transceiver.receiver, self.lip_sync.video.reported)

    def take_sound(self, hear: Callable[[Heard], None]) -> None:
        """`hear` is called on the decoder's thread."""
        decoder, transceiver = OpusDecoder(hear, self._fail), self._add("audio")
        prefer(transceiver, "audio/opus")
        self._sound = decoder, take_over_sound(transceiver, decoder, partial(_arrived, self.lip_sync.sound))
        listen_to_reports(transceiver.receiver, self.lip_sync.sound.reported)

    @property
    def last_s(self) -> float | None:
        """When the last packet came, of whichever."""
        moments = [self._intake.last_s, self._sound[1].last_s if self._sound is not None else None]
        return max((moment for moment in moments if moment is not None), default=None)

    def status(self) -> dict[str, Any]:
        return {
            "codec": self.decoder.codec.lower(),
            "bitrate_kbps": round(self._intake.bps / 1000),
            "pictures": self.decoder.decoded,
            "skipped": self.decoder.skipped,
            "errors": self.decoder.errors,
            "lost_packets": self._intake.lost,
            "keyframes_asked": self._intake.asked,
        } | self._sound_status()

    def stats(self) -> dict[str, int]:
        """For the sender: pictures that came whole, and of these those that were left out, and given to the graph."""
        decoder = self.decoder
        frames = decoder.decoded + decoder.skipped + decoder.errors
        processed = decoder.decoded - self.replaced
        return {"frames": frames, "dropped": frames - processed, "processed": processed}

    def stop(self) -> None:
        self.decoder.stop()
        if self._sound is not None:
            self._sound[0].stop()

    def _sound_status(self) -> dict[str, Any]:
        if self._sound is None:
            return {}
        decoder, intake = self._sound
        return {
            "audio_kbps": round(intake.bps / 1000),
            "audio_packets": decoder.decoded,
            "audio_errors": decoder.errors,
            "audio_lost": intake.lost,
        }

    def _add(self, kind: str) -> RTCRtpTransceiver:
        transceiver = self._connection.addTransceiver(kind, "recvonly")
        self.transceivers.append(transceiver)
        return transceiver


def _arrived(clock: StreamClock, ticks: int, arrived_s: float) -> None:
    clock.arrived(ticks, round(arrived_s * 1e9))
