"""What a graph may name as a video: a path, a network address, or a sample that this plugin ships."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from livegraph import InputError
from livegraph_media.samples import sample_path

_HTTP = "http,https,httpproxy,tcp,tls,crypto,data"
_RTSP = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto,http,https"
_RTMP = "rtmp,rtmps,rtmpt,rtmpe,rtmpts,tcp,tls,crypto,http,https"
_WHITELISTS = {
    "http": _HTTP,
    "https": _HTTP,
    "rtsp": _RTSP,
    "rtsps": _RTSP,
    "rtmp": _RTMP,
    "rtmps": _RTMP,
    "udp": "udp,rtp",
    "rtp": "udp,rtp",
}
_LIVE_SCHEMES = frozenset(_WHITELISTS) - {"http", "https"}
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_PRIVATE = re.compile(r"(?<=://)[^/?#]*@|(?<=\?).*")


@dataclass(frozen=True, slots=True)
class Address:
    """A video as FFmpeg opens it. `whitelist`: the protocols that it may use, whatever the file asks for. `live`: time
    passes by itself there. `name` is for people: without user, password, and the query, where many cameras want those.
    """

    url: str
    whitelist: str
    live: bool
    name: str
    remote: bool


def is_live_address(text: str) -> bool:
    """Whether an address is live by its scheme (rtsp, rtmp, udp, rtp), without looking it up."""
    scheme = _SCHEME.match(text)
    return scheme is not None and scheme[1].lower() in _LIVE_SCHEMES


def resolve_address(text: str) -> Address:
    """Understand `path`; InputError where there is no such file, or no such kind of address."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _local(Path(text).expanduser())
    kind = scheme[1].lower()
    if kind == "sample":
        return _local(sample_path(text[len("sample://") :]))
    if kind not in _WHITELISTS:
        raise InputError(
            f"{kind}:// is not opened here: a path, sample://, {', '.join(f'{s}://' for s in _WHITELISTS)}"
        )
    return Address(text, _WHITELISTS[kind], kind in _LIVE_SCHEMES, _PRIVATE.sub("", text), remote=True)


def _local(path: Path) -> Address:
    if not path.exists():
        near = f"; {path.parent} is there, the file is not" if path.parent.is_dir() else ""
        raise InputError(f"no file {path}{near}")
    if path.is_dir():
        raise InputError(f"{path} is a folder: media.images plays folders of pictures")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes)")
    return Address(f"file:{path}", "file", False, str(path), remote=False)
