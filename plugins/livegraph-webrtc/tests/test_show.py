"""From a sender through a graph to those who watch, by a real server."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import Any

import httpx
import psutil
import pytest
from aiortc import RTCPeerConnection
from show_support import a_show
from webrtc_support import Sender, Watcher, until

THROUGH = {"cam": {"use": "webrtc.in"}, "out": {"use": "webrtc.out", "in": "cam"}}


async def test_numbers_rise_from_the_sender_through_the_graph_to_the_viewer() -> None:
    async with a_show(THROUGH) as show:
        sender, watcher = Sender(show, "/whip/cam"), Watcher(show, "/whep/out")
        assert (await sender.start()).status_code == 201
        assert (await watcher.start()).status_code == 201
        await watcher.until(60, within_s=20)
        offered = (await show.client.get("/api/v1/graph")).json()
        assert [each["path"] for each in offered["outputs"] if each["kind"] == "whep"] == ["/whep/out"]
        assert [each["path"] for each in offered["inputs"]] == ["/whip/cam"]
        status = show.run.stats()["nodes"]
        await asyncio.gather(sender.close(), watcher.close())
    assert show.outcomes[0].ok, show.outcomes[0].error
    assert watcher.numbers == sorted(set(watcher.numbers)) and len(watcher.numbers) > 50
    assert status["cam"]["errors"] == status["out"]["errors"] == 0


async def test_the_servers_rules_hold_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_TOKEN", "a-token-of-enough-letters")
    async with a_show(THROUGH, authorization="Bearer a-token-of-enough-letters") as show:
        strange = {"content-type": "application/sdp"}
        async with httpx.AsyncClient(base_url=show.client.base_url, trust_env=False) as nobody:
            assert (await nobody.post("/whip/cam", content="", headers=strange)).status_code == 401
        foreign = strange | {"origin": "http://elsewhere.example"}
        assert (await show.client.post("/whip/cam", content="", headers=foreign)).status_code == 403
        plain = {"content-type": "text/plain"}
        assert (await show.client.post("/whip/cam", content="x", headers=plain)).status_code == 415
        large = await show.client.post("/whip/cam", content="x" * 70_000, headers=strange)
        assert large.status_code == 413
        sender = Sender(show, "/whip/cam")
        assert (await sender.start()).status_code == 201
        await sender.close()


async def test_a_rebuilt_node_is_found_at_the_same_place() -> None:
    async with a_show(THROUGH) as show:
        sender, watcher = Sender(show, "/whip/cam"), Watcher(show, "/whep/out")
        await sender.start()
        await watcher.start()
        await watcher.until(5)
        before = show.run.stats()["nodes"]["out"]["restarts"]
        await asyncio.wrap_future(show.run.ask(lambda: show.run.bus.set({"out.codec": "vp8"})))
        again = Watcher(show, "/whep/out")
        await until(lambda: watcher.connection.connectionState == "closed", within_s=20)
        await until(lambda: show.run.stats()["nodes"]["out"]["state"] == "running", within_s=20)
        assert (await again.start()).status_code == 201
        await again.until(5)
        assert show.run.stats()["nodes"]["out"]["restarts"] >= before
        await asyncio.gather(sender.close(), watcher.close(), again.close())
    assert show.outcomes[0].ok


async def test_who_comes_and_goes_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    made: weakref.WeakSet[Any] = weakref.WeakSet()
    create = RTCPeerConnection.__init__

    def noted(self: RTCPeerConnection, *args: Any) -> None:
        create(self, *args)
        made.add(self)

    monkeypatch.setattr(RTCPeerConnection, "__init__", noted)
    async with a_show(THROUGH) as show:
        threads = threading.active_count()
        for _ in range(6):
            sender, watcher = Sender(show, "/whip/cam"), Watcher(show, "/whep/out")
            await sender.start()
            await watcher.start()
            await watcher.until(3)
            await asyncio.gather(sender.close(), watcher.close())
            await until(lambda: not show.node("cam")["connections"] and not show.node("out")["connections"])
        del sender, watcher
        await until(lambda: threading.active_count() <= threads + 1)
        for _ in range(3):
            gc.collect()
            await asyncio.sleep(0.1)
        assert len(made) <= 2, [each.connectionState for each in made]


@pytest.mark.soak
async def test_memory_stays_flat() -> None:
    """Of this whole process: the show, and its peers."""
    process = psutil.Process()
    async with a_show(THROUGH) as show:
        sender = Sender(show, "/whip/cam")
        await sender.start()
        rss: list[int] = []
        for _ in range(12):
            watchers = [Watcher(show, "/whep/out") for _ in range(3)]
            await asyncio.gather(*(watcher.start() for watcher in watchers))
            await asyncio.gather(*(watcher.until(120, within_s=30) for watcher in watchers))
            await asyncio.gather(*(watcher.close() for watcher in watchers))
            gc.collect()
            rss.append(process.memory_info().rss >> 20)
        await sender.close()
    assert rss[-1] - rss[3] < 8, rss
