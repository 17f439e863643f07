"""WHEP over HTTP: what is refused, and how."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from webrtc_support import Feeder, Watcher, stage, until

from livegraph_webrtc.output import WebRtcOut
from livegraph_webrtc.session import Session

SDP = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}


async def offer(direction: str = "recvonly", kind: str = "video") -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver(kind, direction)
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    return str(sdp)


async def test_what_is_wrong_with_an_offer_is_said() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        post = on.web.client.post
        good = await offer()
        cases: list[tuple[Any, dict[str, str], int, str]] = [
            (good, {"content-type": "application/json"}, 415, "application/sdp"),
            ("v=0\r\nm=nonsense\r\n", SDP, 400, "no SDP offer"),
            (b"\xff\xfe\x00", SDP, 400, "no SDP offer"),
            ("", SDP, 422, "takes no video"),
            ("x" * 70_000, SDP, 413, "at most"),
            (await offer("sendonly"), SDP, 422, "takes no video"),
            (await offer(kind="audio"), SDP, 422, "takes no video"),
            (good.replace("a=fingerprint", "a=else"), SDP, 400, "fingerprint"),
            (good.replace("a=ice-ufrag", "a=else"), SDP, 400, "ICE credentials"),
            (good + "".join(good[good.index("m=") :] for _ in range(9)), SDP, 400, "media sections"),
            (good.replace("H264", "H265"), SDP, 406, "no codec in common"),
        ]
        for body, headers, status, reason in cases:
            answer = await post("/whep/show", content=body, headers=headers)
            assert (answer.status_code, reason in answer.json()["detail"]) == (status, True), answer.text
        assert (await post("/whep/other", content=good, headers=SDP)).status_code == 404
        await until(lambda: not node.status()["connections"])
        await asyncio.to_thread(node.teardown)
        assert (await post("/whep/show", content=good, headers=SDP)).status_code == 404


@pytest.mark.parametrize("seed", range(4))
async def test_a_damaged_offer_is_answered_or_refused_and_harms_nothing(seed: int) -> None:
    chance = random.Random(seed)
    async with stage() as on:
        node = await on.built(WebRtcOut, viewers=256)
        lines = (await offer()).splitlines()
        for _ in range(40):
            damaged = [line for line in lines if chance.random() > 0.03]
            at = chance.randrange(len(damaged))
            damaged[at] = damaged[at][: chance.randrange(len(damaged[at]) + 1)] + chance.choice(
                ["", "9", ":", " x", "\0"]
            )
            answer = await on.web.client.post("/whep/show", content="\r\n".join([*damaged, ""]), headers=SDP)
            assert answer.status_code in (201, 400, 406, 422), answer.text
        await asyncio.to_thread(node.teardown)


async def test_no_more_may_watch_than_were_allowed() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, viewers=1)
        with Feeder(node):
            first, second = Watcher(on.web, "/whep/show"), Watcher(on.web, "/whep/show")
            assert (await first.start()).status_code == 201
            refused = await second.start()
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert (await on.web.client.delete(first.location)).status_code == 200
            assert (await on.web.client.delete(first.location)).status_code == 404
        await asyncio.gather(first.close(), second.close())
        await asyncio.to_thread(node.teardown)


async def test_a_session_has_a_place_and_a_tag_and_takes_candidates() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        sdp = await offer()
        late = [line for line in sdp.splitlines() if line.startswith("a=candidate")]
        bare = "\r\n".join(line for line in sdp.splitlines() if "candidate" not in line) + "\r\n"
        answer = await on.web.client.post("/whep/show", content=bare, headers=SDP)
        assert answer.headers["content-type"] == "application/sdp"
        place, tag = answer.headers["location"], answer.headers["etag"]
        assert place.startswith("/whep/show/")
        patch = on.web.client.patch
        body = "\r\n".join(["a=mid:0", *late, "a=end-of-candidates", ""])
        assert (await patch(place, content=body, headers=FRAGMENT)).status_code == 428
        assert (await patch(place, content=body, headers=FRAGMENT | {"if-match": '"x"'})).status_code == 412
        assert (await patch(place, content=body, headers=FRAGMENT | {"if-match": "*"})).status_code == 422
        assert (await patch(place, content=body, headers=SDP | {"if-match": tag})).status_code == 415
        restart = "a=ice-ufrag:another\r\n" + body
        assert (await patch(place, content=restart, headers=FRAGMENT | {"if-match": tag})).status_code == 422
        bad = "a=candidate:nonsense\r\n"
        assert (await patch(place, content=bad, headers=FRAGMENT | {"if-match": tag})).status_code == 400
        assert (await patch(place, content=body, headers=FRAGMENT | {"if-match": tag})).status_code == 204
        session: Session = next(iter(node._whep.sessions.values()))
        known = session.connection.getTransceivers()[0].receiver.transport.transport.getRemoteCandidates()
        assert len(known) == len(late) > 0
        many = "\r\n".join([late[0]] * 64)
        assert (await patch(place, content=many, headers=FRAGMENT | {"if-match": tag})).status_code == 400
        await asyncio.to_thread(node.teardown)


async def test_the_way_in_is_described_and_other_methods_are_not_allowed() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, stun="stun:127.0.0.1:3478")
        described = await on.web.client.options("/whep/show")
        assert described.headers["accept-post"] == "application/sdp"
        assert described.headers["link"] == '<stun:127.0.0.1:3478>; rel="ice-server"'
        assert (await on.web.client.get("/whep/show")).status_code == 405
        await asyncio.to_thread(node.teardown)


async def test_who_never_connects_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegraph_webrtc.session.CONNECT_S", 0.2)
    async with stage() as on:
        node = await on.built(WebRtcOut)
        await on.web.client.post("/whep/show", content=await offer(), headers=SDP)
        assert len(node.status()["connections"]) == 1
        await until(lambda: not node.status()["connections"])
        await asyncio.to_thread(node.teardown)


async def test_all_connections_end_at_the_same_time_when_the_node_does() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        assert [offer.path for offer in on.web.offers] == ["/whep/show"]
        watchers = [Watcher(on.web, "/whep/show") for _ in range(3)]
        with Feeder(node):
            await asyncio.gather(*(watcher.start() for watcher in watchers))
            await asyncio.gather(*(watcher.until(3) for watcher in watchers))
        await asyncio.to_thread(node.teardown)
        await until(lambda: all(watcher.connection.connectionState == "closed" for watcher in watchers), within_s=5)
        assert on.web.offers == []
        await asyncio.gather(*(watcher.close() for watcher in watchers))
