"""livegraph-media: cameras, video files, test scenes and recordings, by PyAV."""

from livegraph_media.frame_number import read_frame_number

__all__ = ["read_frame_number"]
