"""livegraph-webrtc: video and sound from browsers and to them, by WHIP and WHEP."""
