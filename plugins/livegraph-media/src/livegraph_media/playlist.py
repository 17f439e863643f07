"""A playlist and its segments in the making (HLS, RFC 8216): whoever opens it at any moment can play it."""

from __future__ import annotations

import math
import re
from pathlib import Path

from livegraph import Frame, InputError, Yuv420p
from livegraph_media.destination import reserve
from livegraph_media.encoder import Encoding
from livegraph_media.ffmpeg import VideoFrame, open_container
from livegraph_media.tracks import Tracks

_LONGEST_GOP_S = 2.0
_GRACE = 3
"""Segments that stay after they have left the playlist, for players that are just loading them."""


class Playlist:
    """Encodes frames into segments of MPEG-TS. Files appear whole, under their names only once they are complete."""

    def __init__(
        self, path: Path, encoding: Encoding, like: Yuv420p, segment_s: float, window: int, sound: bool = False
    ) -> None:
        """`window`: how many segments the playlist has; what is older is deleted. 0: it keeps all."""
        flags = "+temp_file+independent_segments" + ("+delete_segments" if window else "")
        options = {
            "hls_time": f"{segment_s:g}",
            "hls_list_size": str(window),
            "hls_delete_threshold": str(_GRACE),
            "hls_flags": flags,
            "hls_segment_filename": str(path.with_name(f"{path.stem}-%d.ts")),
            # Numbers that go on rising when the node is restarted, so that players go on too.
            "hls_start_number_source": "epoch" if window else "generic",
        }
        self._output = open_container(str(path), "w", format="hls", options=options)
        self._tracks = Tracks(self._output, encoding, like, round(gop_s(segment_s) * 1e9), sound)

    def write(self, frame: VideoFrame, pts_ns: int) -> None:
        """Append a frame at `pts_ns`, counted from the first one."""
        self._output.mux(self._tracks.encode(frame, pts_ns))

    def write_sound(self, block: Frame, pts_ns: int) -> None:
        """Append a block of sound; see `SoundTrack`."""
        self._output.mux(list(self._tracks.encode_sound(block, pts_ns)))

    def close(self) -> None:
        """Finish the last segment; the playlist then says that it has ended."""
        self._output.close()


def clear_playlist(template: str, name: str, window: int) -> Path:
    """The playlist's path, its folder made. What an earlier live stream left there is deleted: its playlist would name
    segments of this one. A playlist that keeps all is not written over.
    """
    if "%" in template:
        raise InputError(f"{template}: FFmpeg would put the number of the segment where the % stands")
    path = reserve(template, name, overwrite=bool(window), extensions=(".m3u8",))
    path.unlink()
    ours = re.compile(rf"{re.escape(path.stem)}-\d+\.ts(\.tmp)?")
    for left in path.parent.iterdir():
        if window and ours.fullmatch(left.name):
            left.unlink()
    return path


def gop_s(segment_s: float) -> float:
    """How often a keyframe comes, so that each segment begins with one: at most 2 s apart."""
    return segment_s / math.ceil(segment_s / _LONGEST_GOP_S)
