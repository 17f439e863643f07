"""Which protocols the installed FFmpeg speaks."""

from __future__ import annotations

from livegraph_media.ffmpeg import FFmpegError, ProtocolNotFoundError, open_container


def has_protocol(scheme: str) -> bool:
    """Found by an address that names no host: it is refused in either case, but not for the same reason."""
    try:
        open_container(f"{scheme}:", "r")
    except ProtocolNotFoundError:
        return False
    except (OSError, FFmpegError):
        return True
    return True
