"""A connection that sends a stream: a picture, and sound where there is any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from aiortc import RTCPeerConnection
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.broadcast import Broadcast
from livegraph_webrtc.encoder import Codec
from livegraph_webrtc.feedback import listen
from livegraph_webrtc.listener import Listener
from livegraph_webrtc.negotiation import prefer
from livegraph_webrtc.opus_encoder import RATE
from livegraph_webrtc.presentation import Presentation
from livegraph_webrtc.rtp_time import CLOCK_RATE
from livegraph_webrtc.sender_reports import report_by
from livegraph_webrtc.sound_broadcast import SoundBroadcast
from livegraph_webrtc.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Stream:
    """What an output sends. `sound`: None where no sound is wired."""

    codec: Codec
    video: Broadcast
    sound: SoundBroadcast | None
    presentation: Presentation

    def send(self, connection: RTCPeerConnection, sound: bool = True) -> Sending:
        """Join by this connection, before it is negotiated. `sound`: whether it takes any. Loop thread only."""
        viewer = self.video.join()
        video = connection.addTransceiver(viewer, "sendonly")
        prefer(video, f"video/{self.codec}", "video/rtx")
        listen(video.sender, partial(self.video.hear, viewer))
        report_by(self.presentation, video.sender, CLOCK_RATE, lambda: viewer.sent_ticks)
        if self.sound is None or not sound:
            return Sending(self, viewer, None, (video,))
        listener = self.sound.join(lambda: viewer.silent)
        audio = connection.addTransceiver(listener, "sendonly")
        prefer(audio, "audio/opus")
        report_by(self.presentation, audio.sender, RATE, lambda: listener.sent_ticks)
        return Sending(self, viewer, listener, (video, audio))

    def status(self) -> dict[str, Any]:
        return self.video.status() | (self.sound.status() if self.sound is not None else {})


@dataclass(frozen=True, slots=True)
class Sending:
    """One who watches, and perhaps listens."""

    stream: Stream
    viewer: Viewer
    listener: Listener | None
    transceivers: tuple[RTCRtpTransceiver, ...]

    def leave(self) -> None:
        """To be called when the connection ends."""
        self.stream.video.leave(self.viewer)
        if self.listener is not None and self.stream.sound is not None:
            self.stream.sound.leave(self.listener)
