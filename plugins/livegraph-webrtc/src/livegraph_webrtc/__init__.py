"""livegraph-webrtc: video from browsers and to them, by WHIP and WHEP."""
