"""A real HTTP server with the manners, good and bad, of those that models come from."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from livegraph import Licence, ModelFile, ModelSpec

BODY = bytes(range(256)) * 12_000
"""3 MB: more than one megabyte of progress, and many chunks."""

SHA256 = hashlib.sha256(BODY).hexdigest()

LICENCE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", True)


def listed(name: str, *files: ModelFile, needs: tuple[str, ...] = ()) -> ModelSpec:
    return ModelSpec(name, "a small one", LICENCE, "https://example.com", files, needs)


@dataclass
class Seen:
    path: str
    headers: Message


@dataclass
class Manners:
    """How the shop behaves; lists are used up, one item per request."""

    ranges: bool = True
    tag: str = '"v1"'
    modified: str = ""
    cuts: list[int] = field(default_factory=list)  # bytes after which the connection ends
    stalls: list[float] = field(default_factory=list)  # seconds of silence in the middle
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # status and headers instead of the file
    redirects: dict[str, str] = field(default_factory=dict)
    token: str = ""
    pause_s: float = 0.0  # after every 64 kB
    chunked: bool = False  # no Content-Length
    editions: list[tuple[bytes, str]] = field(default_factory=list)  # the file and its tag, from this request on


class Shop:
    """Serves `files` on a port of its own, and remembers who asked for what."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.manners = Manners()
        self.seen: list[Seen] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                shop.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def address(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append(Seen(request.path, request.headers))
        manners = self.manners
        if manners.editions:
            self.files["/model.bin"], manners.tag = manners.editions.pop(0)
        if manners.answers:
            return _answer(request, *manners.answers.pop(0))
        if request.path in manners.redirects:
            return _answer(request, 302, {"Location": manners.redirects[request.path]})
        if manners.token and request.headers.get("Authorization") != f"Bearer {manners.token}":
            return _answer(request, 401, {})
        if request.path not in self.files:
            return _answer(request, 404, {})
        self._send(request, self.files[request.path])

    def _send(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        start = self._start(request)
        if start > len(body) or (start and start == len(body)):
            return _answer(request, 416, {"Content-Range": f"bytes */{len(body)}"})
        request.send_response(206 if start else 200)
        headers = {"ETag": self.manners.tag, "Last-Modified": self.manners.modified}
        if not self.manners.chunked:
            headers["Content-Length"] = str(len(body) - start)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        for name, value in headers.items():
            if value:
                request.send_header(name, value)
        request.end_headers()
        self._pour(request, body[start:])

    def _start(self, request: BaseHTTPRequestHandler) -> int:
        """Where a range begins; 0 where there is none, or where `If-Range` says that the file is another."""
        asked = request.headers.get("Range", "")
        held = request.headers.get("If-Range")
        if not asked or not self.manners.ranges or held not in (None, self.manners.tag or self.manners.modified):
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _pour(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        manners = self.manners
        end = manners.cuts.pop(0) if manners.cuts else len(body)
        stall = manners.stalls.pop(0) if manners.stalls else 0.0
        try:
            for at in range(0, end, 1 << 16):
                if stall and at >= end // 2:
                    time.sleep(stall)
                    stall = 0.0
                request.wfile.write(body[at : min(at + (1 << 16), end)])
                time.sleep(manners.pause_s)
        except OSError:  # who asked has gone
            pass


def _answer(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", "0")
    request.end_headers()
