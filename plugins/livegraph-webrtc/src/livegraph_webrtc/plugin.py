"""What the plugin brings. Only names stand here: aiortc and PyAV are imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, ServiceSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("webrtc.in", "livegraph_webrtc.input:WebRtcIn", "Take what a browser or OBS sends, by WHIP"),
        NodeSpec("webrtc.out", "livegraph_webrtc.output:WebRtcOut", "Show the stream to browsers, by WHEP"),
        NodeSpec("webrtc.publish", "livegraph_webrtc.publish:WebRtcPublish", "Send it to a media server, by WHIP"),
    ]


@hookimpl
def livegraph_services() -> Sequence[ServiceSpec]:
    return [ServiceSpec("webrtc", "livegraph_webrtc.service:WebRtc", "The run's WHIP and WHEP endpoints")]
