"""Videos from the network: real servers on loopback."""

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
from livegraph_media import read_frame_number
from livegraph_media.address import resolve_address
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


def test_passwords_are_not_told() -> None:
    assert resolve_address("rtsp://user:secret@camera.local/stream").name == "rtsp://camera.local/stream"


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
