"""Videos from the network: real servers on loopback."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest
from media_support import built, context, numbered, read_all, write_video

from livegraph import InputError, NodeError
from livegraph_media import decode, read_frame_number
from livegraph_media.address import resolve_address
from livegraph_media.capture import Capture
from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.file import File
from livegraph_media.planes import frame_of


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder on loopback: its address and its path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


def test_http_plays_and_loops(site: tuple[str, Path]) -> None:
    address, folder = site
    write_video(folder / "x.mp4", [numbered(n) for n in range(20)], movflags="+faststart")
    node = built(File, path=f"{address}/x.mp4", loop=True)
    frames = [node.read() for _ in range(30)]
    node.teardown()
    assert [read_frame_number(frame.data) for frame in frames] == [*range(20), *range(10)]


def test_what_http_does_not_have_may_come_later(site: tuple[str, Path]) -> None:
    with pytest.raises(NodeError, match=r"cannot open http://127.*/no.mp4") as caught:
        built(File, path=f"{site[0]}/no.mp4")
    assert not isinstance(caught.value, InputError)


def test_a_playlist_from_the_network_opens_no_local_file(site: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = site
    secret = write_video(tmp_path / "secret.ts", [numbered(n) for n in range(30)])
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    (folder / "x.m3u8").write_text(playlist)
    with pytest.raises(NodeError):
        read_all(built(File, path=f"{address}/x.m3u8"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://user:secret@camera.local/stream", "rtsp://camera.local/stream"),
        ("rtsp://user:s@cret@camera.local/stream@2x", "rtsp://camera.local/stream@2x"),
        ("http://camera.local/video.cgi?user=ada&password=secret", "http://camera.local/video.cgi?"),
        ("http://camera.local?password=s@cret", "http://camera.local?"),
    ],
)
def test_passwords_are_not_told(address: str, name: str) -> None:
    assert resolve_address(address).name == name


class Faltering(ThreadingHTTPServer):
    """Sends a file up to `upto` bytes, then nothing more: it keeps the connection open (`stalls`), or breaks it."""

    daemon_threads = True
    body = b""
    upto = 0
    stalls = True

    def __init__(self) -> None:
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), FalteringHandler)
        self.address = f"http://ada:secret@127.0.0.1:{self.server_address[1]}/x.mp4?key=secret"


class FalteringHandler(Quiet):
    server: Faltering

    def do_GET(self) -> None:
        size, start = len(self.server.body), int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(self.server.body[start : self.server.upto])
            self.wfile.flush()
            if self.server.upto < len(self.server.body):
                if self.server.stalls:
                    self.server.over.wait(30)
                self.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def faltering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faltering]:
    monkeypatch.setattr(decode, "OPEN_TIMEOUT_S", 1.0)
    monkeypatch.setattr(decode, "READ_TIMEOUT_S", 0.75)
    server = Faltering()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("options", "share", "stalls", "told"),
    [
        ({}, 0.0, True, "cannot open .*: it sent too little within 1 s"),
        ({}, 0.5, True, "cannot open .*: it sent too little within 1 s"),
        ({}, 0.5, False, "no video that FFmpeg can read, or it was cut off on its way"),
        ({"movflags": "+faststart"}, 0.02, True, "it sent too little within 1 s|no data for 0.75 s"),
        ({"movflags": "+faststart"}, 0.7, True, "the connection broke: no data for 0.75 s"),
        ({"movflags": "+faststart"}, 0.7, False, "the connection broke: Input/output error"),
    ],
)
def test_a_server_that_falters_may_come_back(
    tmp_path: Path, faltering: Faltering, options: dict[str, str], share: float, stalls: bool, told: str
) -> None:
    path = write_video(tmp_path / "x.mp4", [numbered(n, (320, 240)) for n in range(150)], **options)
    faltering.body, faltering.stalls = path.read_bytes(), stalls
    faltering.upto = int(share * len(faltering.body))
    with pytest.raises(NodeError, match=told) as caught:
        read_all(built(File, path=faltering.address))
    assert not isinstance(caught.value, InputError)
    assert f"http://127.0.0.1:{faltering.server_address[1]}/x.mp4" in str(caught.value)
    assert "secret" not in str(caught.value)
    faltering.upto = len(faltering.body)
    assert len(read_all(built(File, path=faltering.address))) == 150


def test_a_live_address_that_falls_silent_is_said_to_have(tmp_path: Path, faltering: Faltering) -> None:
    path = write_video(tmp_path / "x.ts", [numbered(n) for n in range(150)])
    faltering.body = path.read_bytes()
    faltering.upto = len(faltering.body) * 2 // 3
    capture = Capture(lambda: decode.open_address(resolve_address(faltering.address)), time.monotonic_ns)
    deadline = time.monotonic() + 10
    while capture.lost is None and time.monotonic() < deadline:
        capture.take()
    assert capture.lost == "no data for 0.75 s"
    faltering.over.set()
    capture.close()


def send(port: int, stop: threading.Event) -> None:
    """A television-like stream to a UDP port, in real time, until stopped."""
    with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as output:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5"}
        stream = output.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        begin, number = time.monotonic(), 0
        while not stop.wait(max(0.0, begin + number / 25 - time.monotonic())):
            frame = frame_of(rgb24_to_yuv420p(numbered(number)))
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
            number += 1


def test_offline_a_live_address_gives_every_picture(unused_udp_port: int) -> None:
    stop = threading.Event()
    sender = threading.Thread(target=send, args=(unused_udp_port, stop))
    sender.start()
    node = built(File, path=f"udp://127.0.0.1:{unused_udp_port}", live=False)
    try:
        counted = [read_frame_number(node.read().data) for _ in range(12)]
    finally:
        stop.set()
        sender.join()
        node.teardown()
    assert node.paced
    assert counted[3:] == list(range(counted[3], counted[3] + 9))


def test_a_live_address_gives_its_newest_picture(unused_udp_port: int) -> None:
    stop = threading.Event()
    sender = threading.Thread(target=send, args=(unused_udp_port, stop))
    sender.start()
    ctx = context("live")
    node = built(File, ctx, path=f"udp://127.0.0.1:{unused_udp_port}")
    try:
        seen = []
        deadline = time.monotonic() + 10
        while len(seen) < 8 and time.monotonic() < deadline:
            if (frame := node.read()) is not None:
                seen.append((read_frame_number(frame.data), frame.pts_ns))
        time.sleep(0.5)
        node.read()
        jumped = next(frame for frame in iter(node.read, 0) if frame is not None)
    finally:
        stop.set()
        sender.join()
        node.teardown()
    assert node.paced is False
    counted = [number for number, _ in seen if number is not None]
    assert counted == sorted(set(counted))
    assert [pts for _, pts in seen] == sorted({pts for _, pts in seen})
    assert read_frame_number(jumped.data) >= counted[-1] + 8
