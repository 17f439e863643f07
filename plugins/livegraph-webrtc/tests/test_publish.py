"""`webrtc.publish`, to a `webrtc.in` behind a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from show_support import a_show
from sound_support import give, picture
from webrtc_support import Feeder, stage, until

from livegraph import Frame, InputError
from livegraph_webrtc.publish import WebRtcPublish
from livegraph_webrtc.whip_client import Declined, Place, check_url, end, offer

INTO = {"cam": {"use": "webrtc.in"}, "end": {"use": "test.collect", "in": "cam"}}


@contextmanager
def answering(status: int, headers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server that says one thing, and what it was told by `Authorization`."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.headers.get("authorization", ""))
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/a-stream-key/whip", told
        server.shutdown()
        thread.join()


async def test_it_arrives_and_the_session_ends_with_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Place] = []

    def noted(session: Place) -> None:
        ended.append(session)
        end(session)

    monkeypatch.setattr("livegraph_webrtc.publisher.end", noted)
    async with a_show(INTO) as show, stage() as on:
        node = await on.built(WebRtcPublish, url=f"{show.client.base_url}/whip/cam".replace("//whip", "/whip"))
        with Feeder(node) as feeder:
            await until(lambda: show.run.stats()["nodes"]["cam"]["frames_out"] > 20, within_s=20)
            status = node.status()
            assert (status["state"], status["connects"], status["why"]) == ("connected", 1, "")
        assert feeder.failure is None
        await asyncio.to_thread(node.teardown)
        await until(lambda: not show.node("cam")["connections"])
        assert ["/whip/cam/" in session.url for session in ended] == [True]
        assert on.said[0].startswith("published at 127.0.0.1")
        assert any("the other side ended it" in text for text in show.said)


async def test_it_comes_back_when_the_other_side_ends_it() -> None:
    async with a_show(INTO) as show, stage() as on:
        node = await on.built(WebRtcPublish, url=f"{show.client.base_url}/whip/cam".replace("//whip", "/whip"))
        with Feeder(node):
            await until(lambda: show.node("cam").get("receiving", False), within_s=20)
            endpoint = show.run.services.get("webrtc")._endpoints["whip", "cam"]
            endpoint._loop.call_soon_threadsafe(next(iter(endpoint.sessions.values())).end, "a test ends it")
            await until(lambda: node.status()["connects"] == 2, within_s=20)
            before = show.run.stats()["nodes"]["cam"]["frames_out"]
            await until(lambda: show.run.stats()["nodes"]["cam"]["frames_out"] > before + 10, within_s=20)
        await asyncio.to_thread(node.teardown)
    assert any("trying again" in text for text in on.said)


@pytest.mark.parametrize("sends", [False, True])
@pytest.mark.parametrize("takes", [False, True])
async def test_sound_goes_where_both_sides_have_a_wire_for_it(sends: bool, takes: bool) -> None:
    ears = {"ears": {"use": "test.collect", "in": "cam.audio"}} if takes else {}
    async with a_show(INTO | ears) as show, stage() as on:
        url = f"{show.client.base_url}/whip/cam".replace("//whip", "/whip")
        node = await on.built(WebRtcPublish, wired=("video", "audio") if sends else ("video",), url=url)
        giving = asyncio.create_task(
            give(node, 60) if sends else asyncio.to_thread(node.process, video=Frame(0, data=picture(True)))
        )
        await until(lambda: any(each["pictures"] for each in show.node("cam").get("connections", [])), within_s=30)
        if sends and takes:
            await until(lambda: show.node("cam")["connections"][0]["audio_packets"] > 20, within_s=30)
            assert node.status()["listeners"] == 1
        else:
            assert "audio_packets" not in show.node("cam")["connections"][0]
            assert node.status().get("listeners", 0) == 0
        giving.cancel()
        await asyncio.to_thread(node.teardown)
    assert show.outcomes[0].ok, show.outcomes[0].error


async def test_where_nobody_listens_it_says_so_once_and_encodes_nothing(unused_tcp_port: int) -> None:
    async with stage() as on:
        node = await on.built(WebRtcPublish, url=f"http://127.0.0.1:{unused_tcp_port}/a-stream-key/whip")
        with Feeder(node) as feeder:
            await until(lambda: bool(on.said))
            await until(lambda: feeder.given > 60)
        assert len(on.said) == 1 and "trying again" in on.said[0]
        assert node.status()["encoded"] == 0
        assert "a-stream-key" not in f"{on.said} {node.status()}"
        await asyncio.to_thread(node.teardown)


def test_a_token_goes_to_its_own_host_and_redirections_are_said() -> None:
    with answering(307, {"location": "http://127.0.0.1:1/elsewhere"}) as (url, told):
        with pytest.raises(Declined, match="names another address"):
            offer(Place(url, "a-token"), "v=0")
        assert told == ["Bearer a-token"]
    with answering(401, {}) as (url, _), pytest.raises(Declined, match="LIVEGRAPH_WHIP_TOKEN") as declined:
        offer(Place(url, "a-token"), "v=0")
    assert "a-token" not in str(declined.value) and "a-stream-key" not in f"{Place(url, 'a-token')} {declined.value}"
    with answering(200, {}) as (url, _), pytest.raises(Declined, match="where 201 was expected"):
        offer(Place(url, ""), "v=0")


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://host/x", "http://", "rtmp://host/app"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="WHIP endpoint"):
        check_url(url)
