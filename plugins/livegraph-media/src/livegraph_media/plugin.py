"""What this plugin brings to livegraph. Importing it imports no media library."""

from __future__ import annotations

from pathlib import Path

from livegraph import BenchSpec, ConverterSpec, NodeSpec, PipelineSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> list[NodeSpec]:
    return [
        NodeSpec("media.camera", "livegraph_media.camera:Camera", "A camera of this machine."),
        NodeSpec("media.file", "livegraph_media.file:File", "A video file, or a stream at a network address."),
        NodeSpec("media.hls", "livegraph_media.hls:Hls", "Writes a live stream as files for a web server (HLS)."),
        NodeSpec("media.images", "livegraph_media.images:Images", "A folder of pictures as a video."),
        NodeSpec("media.microphone", "livegraph_media.microphone:Microphone", "A microphone of this machine."),
        NodeSpec("media.null", "livegraph_media.null:Null", "Swallows whatever comes, and counts it."),
        NodeSpec("media.pattern", "livegraph_media.pattern:Pattern", "A moving scene with readable frame numbers."),
        NodeSpec("media.record", "livegraph_media.record:Record", "Writes a video file that survives a crash."),
        NodeSpec("media.rtmp", "livegraph_media.stream:Rtmp", "Sends a live stream to an RTMP server."),
        NodeSpec("media.rtsp", "livegraph_media.stream:Rtsp", "Sends a live stream to an RTSP server."),
        NodeSpec("media.srt", "livegraph_media.stream:Srt", "Sends a live stream over SRT."),
        NodeSpec("media.still", "livegraph_media.still:Still", "Keeps one picture as a file, and another on demand."),
    ]


@hookimpl
def livegraph_converters() -> list[ConverterSpec]:
    return [
        ConverterSpec("yuv420p", "rgb24", "livegraph_media.convert:yuv420p_to_rgb24"),
        ConverterSpec("yuv420p", "gray8", "livegraph_media.convert:yuv420p_to_gray8"),
        ConverterSpec("rgb24", "yuv420p", "livegraph_media.convert:rgb24_to_yuv420p"),
        ConverterSpec("rgb24", "gray8", "livegraph_media.convert:rgb24_to_gray8"),
        ConverterSpec("gray8", "yuv420p", "livegraph_media.convert:gray8_to_yuv420p"),
        ConverterSpec("gray8", "rgb24", "livegraph_media.convert:gray8_to_rgb24"),
    ]


@hookimpl
def livegraph_pipelines() -> list[PipelineSpec]:
    folder = Path(__file__).parent / "pipelines"
    return [PipelineSpec("passthrough", str(folder / "passthrough.yaml"), "A camera in a window.")]


@hookimpl
def livegraph_benches() -> list[BenchSpec]:
    return [
        BenchSpec("media", "livegraph_media.bench.measure:measure", "A film through edges and a blend, offline."),
        BenchSpec("crash", "livegraph_media.bench.crash:measure", "What SIGKILL takes from a recording."),
    ]
