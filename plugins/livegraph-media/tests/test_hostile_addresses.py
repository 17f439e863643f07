"""Addresses from outside, and films that point elsewhere: nothing of this machine is opened by them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from media_support import built, numbered, read_all, write_video
from pydantic import ValidationError

from livegraph import Frame, InputError, NodeError
from livegraph_media import plugin
from livegraph_media.address import resolve_address
from livegraph_media.file import File


class Site(ThreadingHTTPServer):
    """Gives what `pages` has, and redirects where that is an address; keeps what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.pages: dict[str, bytes | str] = {}
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Pages(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        if isinstance(page, str):
            self.send_response(302)
            self.send_header("Location", page)
            page = b""
        else:
            self.send_response(404 if page is None else 200)
        self.send_header("Content-Length", str(len(page or b"")))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(page or b"")

    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, args=(0.02,))
    thread.start()
    yield site
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A film of this machine's, which would play if it were opened."""
    (tmp_path / "private").mkdir()
    return write_video(tmp_path / "private" / "secret.ts", [numbered(n) for n in range(30)])


def stolen(address: str) -> list[Frame]:
    """What an address gives before it fails, which may be only at its end."""
    frames: list[Frame] = []
    with pytest.raises(NodeError):
        node = built(File, path=address)
        frames.extend(read_all(node))
    return frames


@pytest.mark.parametrize(
    "address",
    [
        "file:{secret}",
        "file://{secret}",
        "FILE://{secret}",
        "concat:{secret}|{secret}",
        "concat://{secret}",
        "concatf:{secret}",
        "subfile,,start,0,end,0,,:{secret}",
        "subfile://{secret}",
        "crypto:{secret}",
        "crypto://{secret}",
        "cache:{secret}",
        "async:{secret}",
        "data:video/mp2t;base64,AAAA",
        "data://video/mp2t;base64,AAAA",
        "pipe:0",
        "fd:0",
        "unix:{secret}",
        "hls+file://{secret}",
        "ftp://127.0.0.1/x.ts",
        "gopher://127.0.0.1/x",
        "tcp://127.0.0.1:1",
    ],
)
def test_what_is_neither_a_path_nor_a_known_kind_is_refused(secret: Path, address: str) -> None:
    with pytest.raises(InputError, match=r"is not opened here|no file"):
        resolve_address(address.format(secret=secret))


def playlist(*lines: str) -> bytes:
    head = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0"]
    return "\n".join([*head, *lines, "#EXT-X-ENDLIST", ""]).encode()


@pytest.mark.parametrize(
    "lines",
    [
        ["#EXTINF:1,", "file://{secret}"],
        ["#EXTINF:1,", "file:{secret}"],
        ["#EXTINF:1,", "{secret}"],
        ["#EXTINF:1,", "concat:{secret}"],
        ["#EXTINF:1,", "subfile,,start,0,end,0,,:{secret}"],
        ["#EXTINF:1,", "crypto+file://{secret}"],
        ["#EXTINF:1,", "crypto:file:{secret}"],
        ['#EXT-X-MAP:URI="file://{secret}"', "#EXTINF:1,", "file://{secret}"],
        ['#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}"', "#EXTINF:1,", "file://{secret}"],
        ["#EXT-X-STREAM-INF:BANDWIDTH=1", "file://{secret}"],
        ["#EXTINF:1,", "/redirect.ts"],
    ],
)
def test_a_playlist_from_the_network_opens_nothing_of_this_machine(site: Site, secret: Path, lines: list[str]) -> None:
    site.pages["/x.m3u8"] = playlist(*(line.format(secret=secret) for line in lines))
    site.pages["/redirect.ts"] = f"file://{secret}"
    assert stolen(f"{site.address}/x.m3u8") == []


@pytest.mark.parametrize(
    "target", ["file://{secret}", "{secret}", "subfile,,start,0,end,0,,:{secret}", "concat:{secret}"]
)
def test_a_redirect_leads_to_no_file(site: Site, secret: Path, target: str) -> None:
    site.pages["/x.ts"] = target.format(secret=secret)
    assert stolen(f"{site.address}/x.ts") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.m3u8", playlist("#EXTINF:1,", "{site}/asked.ts")),
        ("x.mp4", playlist("#EXTINF:1,", "{site}/asked.ts")),
        ("x.ffconcat", b"ffconcat version 1.0\nfile '{site}/asked.ts'\n"),
        ("x.mp4", b"ffconcat version 1.0\nfile '{secret}'\n"),
        ("x.sdp", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 4 RTP/AVP 33\n"),
        ("x.mpd", b'<?xml version="1.0"?><MPD><Period><BaseURL>{site}/asked.ts</BaseURL></Period></MPD>'),
    ],
)
def test_a_file_opens_nothing_but_itself(site: Site, secret: Path, tmp_path: Path, name: str, content: bytes) -> None:
    """Whoever sent it would learn that it was played, or get others played by it."""
    text = content.decode().replace("{site}", site.address).replace("{secret}", str(secret))
    (tmp_path / name).write_text(text)
    site.pages["/asked.ts"] = secret.read_bytes()
    assert stolen(str(tmp_path / name)) == []
    assert site.asked == []


HOSTILE = ("http://127.0.0.1/x", "file:///etc/passwd", "/etc/passwd", "../x", "/dev/video0", "rtmp://host/app/key")


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_no_address_path_or_device_can_be_set_from_outside(spec: Any) -> None:
    """A text that may be set from outside has a pattern, and that lets none of these through."""
    module, name = spec.target.split(":")
    model = getattr(import_module(module), name).Params
    required = {key: "x" for key, field in model.model_fields.items() if field.is_required()}
    for key, field in model.model_fields.items():
        for value in HOSTILE if field.json_schema_extra["remote"] else ():
            with pytest.raises(ValidationError):
                model.model_validate({**required, key: value})
