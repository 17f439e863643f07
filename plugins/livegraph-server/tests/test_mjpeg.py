"""Pictures with numbers on them, from a real run to real viewers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import simplejpeg
from server_support import SCENE, WATCHED, Play, Show, held, until

from livegraph import Frame, Image, NodeError, Yuv420p
from livegraph_media import read_frame_number
from livegraph_server.mjpeg import Mjpeg
from livegraph_server.multipart import BOUNDARY

QUICK = {"scene": SCENE, "web": {"use": "web.mjpeg", "in": "scene", "params": {"max_fps": 240}}}


def parts(answer: httpx.Response) -> Iterator[bytes]:
    """The pictures of a multipart answer, each as soon as it is whole."""
    assert answer.headers["content-type"] == f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    held = b""
    for chunk in answer.iter_raw():
        held += chunk
        while len(pieces := held.split(f"--{BOUNDARY}\r\n".encode(), 2)) == 3:
            head, _, body = pieces[1].partition(b"\r\n\r\n")
            assert b"Content-Type: image/jpeg" in head and f"Content-Length: {len(body) - 2}".encode() in head
            yield body[:-2]
            held = held[len(pieces[0]) + len(pieces[1]) + len(BOUNDARY) + 4 :]


def number(jpeg: bytes) -> int:
    found = read_frame_number(np.asarray(simplejpeg.decode_jpeg(jpeg)))
    assert found is not None
    return found


def watch(show: Show, count: int, path: str = "/mjpeg/web") -> list[bytes]:
    with show.client() as client, client.stream("GET", path) as answer:
        return [jpeg for jpeg, _ in zip(parts(answer), range(count), strict=False)]


def test_the_numbers_on_the_pictures_rise(play: Play) -> None:
    seen = [number(jpeg) for jpeg in watch(play(WATCHED), 20)]
    assert seen == sorted(set(seen))
    assert seen[-1] - seen[0] < 200, "what is watched is live"


def test_who_comes_later_begins_with_what_is_newest_then(play: Play) -> None:
    show = play(WATCHED)
    before = number(watch(show, 1)[0])
    channel = show.server.pictures.channel("web")
    newest = channel.newest()
    until(lambda: channel.newest() > newest + 15)
    assert number(watch(show, 1)[0]) > before + 10


def test_a_snapshot_is_the_newest_picture(play: Play) -> None:
    show = play(WATCHED)
    with show.client() as client:
        first = client.get("/mjpeg/web/snapshot.jpg")
        assert first.headers["content-type"] == "image/jpeg" and first.headers["cache-control"] == "no-store"
        time.sleep(0.5)
        assert number(client.get("/mjpeg/web/snapshot.jpg").content) >= number(first.content) + 5


def test_a_node_that_is_not_there_is_told_with_those_that_are(play: Play) -> None:
    with play(WATCHED).client() as client:
        for path in ("/mjpeg/wed", "/mjpeg/wed/snapshot.jpg"):
            answer = client.get(path)
            assert answer.status_code == 404 and "there are: web" in answer.json()["detail"]


def test_nothing_is_encoded_while_nobody_watches(play: Play) -> None:
    show = play(WATCHED)
    channel = show.server.pictures.channel("web")
    until(lambda: channel.newest() > 20)
    assert channel.encodes == 0
    watch(show, 3)
    until(lambda: channel.viewers == 0)
    time.sleep(0.1)
    before, newest = channel.encodes, channel.newest()
    until(lambda: channel.newest() > newest + 15)
    assert channel.encodes == before


def test_two_viewers_cost_one_encoding(play: Play) -> None:
    show = play(QUICK)
    channel = show.server.pictures.channel("web")
    seen: dict[str, list[bytes]] = {}
    both = [threading.Thread(target=lambda name=name: seen.update({name: watch(show, 40)})) for name in "ab"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    together = {number(jpeg) for jpegs in seen.values() for jpeg in jpegs}
    assert len(seen["a"]) == len(seen["b"]) == 40
    assert len(together) <= channel.encodes <= len(together) + 4 < 70
    assert len({*seen["a"], *seen["b"]}) == len(together), "both got the very same bytes"


def test_a_viewer_that_stops_reading_holds_up_nobody_and_piles_up_nothing(play: Play) -> None:
    nodes = {"scene": {"use": "media.pattern", "params": {"size": "640x360"}}, "web": QUICK["web"]}
    show = play(nodes)
    port = int(show.server.address.rpartition(":")[2])
    with socket.socket() as stopped:
        stopped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stopped.connect(("127.0.0.1", port))
        stopped.sendall(b"GET /mjpeg/web HTTP/1.1\r\nHost: localhost\r\n\r\n")
        channel = show.server.pictures.channel("web")
        until(lambda: channel.viewers == 1)
        quiet: list[int] = []
        until(lambda: quiet.append(channel.encodes) or quiet[-40:] == [quiet[-1]] * 40, 30)  # its buffers are full
        unsent = max(held(show))
        start = time.monotonic()
        seen = [number(jpeg) for jpeg in watch(show, 60)]
        assert time.monotonic() - start < 10 and seen == sorted(set(seen))
        assert max(held(show)) == unsent, "bytes that wait for the one that stopped"
        assert 0 < unsent < 1 << 20
    until(lambda: channel.viewers == 0)


def test_quality_and_rate_change_while_it_runs(play: Play) -> None:
    show = play(WATCHED)
    large = len(watch(show, 1)[0])
    show.run.ask(lambda: show.run.bus.set({"web.quality": 10, "web.max_fps": 5})).result(5)
    until(lambda: show.server.pictures.channel("web")._newest.quality == 10)  # type: ignore[union-attr]
    start = time.monotonic()
    jpegs = watch(show, 5)
    assert time.monotonic() - start > 0.6
    assert len(jpegs[-1]) < large / 2


def test_it_is_offered_while_it_runs_and_says_who_watches(play: Play) -> None:
    show = play(WATCHED)
    with show.client() as client:
        graph = client.get("/api/v1/graph").json()
        assert graph["outputs"] == [{"id": "web", "kind": "mjpeg", "path": "/mjpeg/web"}]
        with client.stream("GET", "/mjpeg/web") as answer:
            pictures = parts(answer)
            next(pictures)
            until(lambda: client.get("/health").json()["nodes"]["web"]["status"]["viewers"] == 1)
        until(lambda: client.get("/health").json()["nodes"]["web"]["status"]["viewers"] == 0)
    server = show.server
    show.stop()
    assert server._offers.document()["outputs"] == []


def test_who_watches_goes_on_when_the_node_is_made_anew(play: Play) -> None:
    """A run's rebuilt node is a new object; its viewers keep their connection."""
    show = play(WATCHED)
    server = show.server
    old, new = (Mjpeg(Mjpeg.Params(), _context(server)) for _ in range(2))
    old.setup()
    with show.client() as client, client.stream("GET", "/mjpeg/again") as answer:
        pictures = parts(answer)
        old.process(Frame(0, data=_numbered(1)))
        next(pictures)
        old.teardown()
        new.setup()
        new.process(Frame(0, data=_numbered(2)))
        next(pictures)
    new.teardown()


def _context(server: Any) -> Any:
    from livegraph import Context

    class NoClock:
        def now_ns(self) -> int:
            return 0

        async def sleep_until(self, when_ns: int) -> None: ...

    return Context("again", "live", NoClock(), service=lambda name: server)


def _numbered(shade: int) -> Image:
    return np.full((48, 64, 3), shade, np.uint8)


@pytest.mark.parametrize("format", ["rgb24", "gray8", "yuv420p"])
def test_every_format_is_taken(play: Play, format: str) -> None:
    show = play(WATCHED)
    node = Mjpeg(Mjpeg.Params(), _context(show.server))
    node.setup()
    grey = np.full((48, 64), 90, np.uint8)
    half = np.full((24, 32), 128, np.uint8)
    pictures = {
        "rgb24": np.repeat(grey[..., None], 3, 2),
        "gray8": grey,
        "yuv420p": Yuv420p(grey, half, half, "bt601", True),
    }
    node.process(Frame(0, data=pictures[format]))
    with show.client() as client:
        shown = simplejpeg.decode_jpeg(client.get("/mjpeg/again/snapshot.jpg").content)
    assert shown.shape == (48, 64, 3) and abs(int(shown.mean()) - 90) <= 1
    node.teardown()


def test_a_picture_that_no_jpeg_holds_is_an_error_that_says_so(play: Play) -> None:
    node = Mjpeg(Mjpeg.Params(), _context(play(WATCHED).server))
    node.setup()
    with pytest.raises(NodeError, match="70000x2 is more than a JPEG holds"):
        node.process(Frame(0, data=np.zeros((2, 70_000), np.uint8)))


def test_before_the_first_picture_a_snapshot_says_so(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegraph_server.multipart.TO_COME_S", 0.1)
    show = play(WATCHED)
    Mjpeg(Mjpeg.Params(), _context(show.server)).setup()
    with show.client() as client:
        assert client.get("/mjpeg/again/snapshot.jpg").status_code == 503


def test_beside_it_a_recording_steps_back(play: Play) -> None:
    nodes = {**WATCHED, "record": {"use": "test.record", "in": "scene"}}
    plan = play(nodes).run.plan
    assert {edge.dst: edge.policy for edge in plan.edges} == {"web": "attached", "record": "drop_oldest"}
