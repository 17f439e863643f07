"""Offers that no honest client makes, to a real server with WHIP and WHEP: each is answered or refused, and that is
all: no error of ours, no word in the log, nobody held up, nothing left behind.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hostile_support import MOST_S, Longest, held_by, longest
from show_support import Show, a_show
from webrtc_support import until

from livegraph.runtime.garbage import Garbage
from livegraph_webrtc import session
from livegraph_webrtc.reach import MOST_ASKED
from livegraph_webrtc.session import Session

NODES = {
    "cam": {"use": "webrtc.in", "params": {"size": "160x96"}},
    "scene": {"use": "media.pattern", "params": {"size": "160x96"}},
    "shown": {"use": "webrtc.out", "in": "cam"},
    "out": {"use": "webrtc.out", "in": "scene", "params": {"viewers": 256}},
}
SDP = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}
JUNK = ["", "9", ":", " x", "\0", "-1", "9" * 20, "é", "\u2028", "/", "=", "%s", "a" * 3000, "::1", "x.local", "*", ";"]
NUMBERS = ["0", "-1", "1", "2", "255", "256", "65536", "4294967296", "9" * 30]


async def offer(direction: str, *kinds: str) -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in kinds:
        connection.addTransceiver(kind, direction)
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    return str(sdp)


def mutated(chance: random.Random, text: str) -> bytes:
    """Lines lost, doubled, moved, cut and mixed with what does not belong there."""
    lines = text.split("\r\n")
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        cut = chance.randrange(len(lines[at]) + 1)
        match chance.randrange(6):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = lines[at][:cut] + chance.choice(JUNK) + lines[at][cut:]
            case 4:
                lines[at] = lines[at][:cut] + chance.choice(JUNK)
            case _:
                lines[at] = re.sub(r"\d+", lambda found: chance.choice([*NUMBERS, found[0]]), lines[at], count=2)
    return "\r\n".join(lines).encode("utf-8", "surrogatepass")


@asynccontextmanager
async def attacked(caplog: pytest.LogCaptureFixture) -> AsyncIterator[tuple[Show, Any]]:
    """A show whose server has to be afterwards as it was before."""
    async with a_show(NODES) as show:
        server: Any = await asyncio.to_thread(show.run.services.get, "web")
        await show.client.get("/health")
        before = held_by(server)
        with longest(server.loop) as found:
            yield show, found
        assert found.cpu_s < MOST_S, found
        await until(lambda: not show.node("out")["connections"] and not show.node("cam")["connections"], 20)
        await until(lambda: held_by(server) == before, 20)
        assert (await show.client.get("/health")).json()["state"] == "running"
    assert show.outcomes[0].ok
    assert not caplog.records, caplog.text


async def test_damaged_offers(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    await damage(0, 40, caplog, monkeypatch)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 103))
async def test_many_damaged_offers(
    seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await damage(seed, 1000, caplog, monkeypatch)


async def damage(seed: int, times: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CONNECT_S", 0.5)
    chance = random.Random(seed)
    offers = [("/whep/out", await offer("recvonly", "video")), ("/whip/cam", await offer("sendrecv", "audio", "video"))]
    async with attacked(caplog) as (show, found):
        with Garbage() as garbage:  # as `livegraph run` has it
            garbage.settle()
            await attack(show, found, offers, chance, times)


async def attack(show: Show, found: Longest, offers: list[tuple[str, str]], chance: random.Random, times: int) -> None:
    await asyncio.sleep(2 if times > 100 else 0)
    quiet_s, found.late_s = found.late_s, 0.0
    for _ in range(times):
        path, good = chance.choice(offers)
        answer = await show.client.post(path, content=mutated(chance, good), headers=SDP)
        assert answer.status_code in (201, 400, 406, 413, 422, 503), answer.text
        assert "Traceback" not in answer.text and "site-packages" not in answer.text
        if answer.status_code == 201:
            await go_on(show, chance, answer)
    late = f"heartbeat late by {1000 * quiet_s:.0f} ms before, {1000 * found.late_s:.0f} ms meanwhile"
    print(f"{times} offers: {late}; longest callback {1000 * found.cpu_s:.0f} ms of CPU time")


async def go_on(show: Show, chance: random.Random, answer: Any) -> None:
    """With damaged candidates, and perhaps a good end."""
    late = "a=mid:0\r\na=candidate:1 1 udp 1 8.8.8.8 5000 typ host\r\na=end-of-candidates\r\n"
    headers = FRAGMENT | {"if-match": answer.headers["etag"]}
    patched = await show.client.patch(answer.headers["location"], content=mutated(chance, late), headers=headers)
    assert patched.status_code in (204, 400, 404, 422), patched.text
    if chance.random() < 0.8:
        await show.client.delete(answer.headers["location"])


def bombs(good: str) -> dict[str, str]:
    """Short to say, long to read: each was seconds, or a hundred milliseconds, of the server's loop."""
    codecs = "".join(f"a=rtpmap:{number % 90} A/1\r\n" for number in range(1700))
    return {
        "codecs and feedback": good + codecs + "a=rtcp-fb:* x\r\n" * 1700,
        "codecs and their parameters": good + codecs + "a=fmtp:89 a=b\r\n" * 1700,
        "sources": good + "".join(f"a=ssrc:{number} cname:x\r\n" for number in range(2800)),
        "formats": good.replace("SAVPF ", "SAVPF " + "97 " * 20_000, 1),
        "extensions": good + "".join(f"a=extmap:{number} u\r\n" for number in range(3500)),
        "sections": good + "m=video 9 UDP/TLS/RTP/SAVPF 97\r\n" * 1500,
        "groups": "a=group:B x\r\n" * 4000 + good,
        "under the limits": good + codecs[: 120 * 17] + "a=rtcp-fb:* x\r\n" * 120 + "a=ssrc:1 cname:x\r\n" * 600,
    }


async def test_short_offers_that_take_long_to_read(caplog: pytest.LogCaptureFixture) -> None:
    good = await offer("recvonly", "video")
    async with attacked(caplog) as (show, found):
        for name, bomb in bombs(good).items():
            answer = await show.client.post("/whep/out", content=bomb, headers=SDP)
            assert answer.status_code in (201, 400), name
            assert found.cpu_s < MOST_S, (name, found)
            if answer.status_code == 201:
                await show.client.delete(answer.headers["location"])


async def test_what_is_no_offer_at_all(caplog: pytest.LogCaptureFixture) -> None:
    async with attacked(caplog) as (show, _):
        for body in (b"", bytes(60_000), b"\xff\xfe", b"x" * 70_000, bytes(range(256)) * 200):
            for path in ("/whep/out", "/whip/cam"):
                assert (await show.client.post(path, content=body, headers=SDP)).status_code in (400, 413, 422)


async def test_sections_that_name_each_other_wrongly(caplog: pytest.LogCaptureFixture) -> None:
    """aiortc would go on with a transport that is none, and never close what it had opened."""
    good = await offer("recvonly", "audio", "video")
    async with attacked(caplog) as (show, _):
        for wrong in (
            good.replace("BUNDLE 0 1", "BUNDLE 7 0"),
            good.replace("BUNDLE 0 1", "BUNDLE 0 0"),
            good.replace("a=mid:1", "a=mid:0"),
            re.sub(r"a=mid:.*\r\n", "", good),
            good.replace("a=ice-ufrag:", "a=ice-ufrag:" + "x" * 9_000),
            re.sub(r"a=ice-pwd:.*\r\n", "a=ice-pwd:short\r\n", good),
        ):
            answer = await show.client.post("/whep/out", content=wrong, headers=SDP)
            assert answer.status_code == 400, answer.text


async def test_candidates_lead_nowhere_but_to_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    """From an offer, and from what comes after it. Names are not looked up, so the answer does not wait for them."""
    good = await offer("recvonly", "video")
    bare = re.sub(r"a=candidate:.*\r\n|a=end-of-candidates\r\n", "", good)
    inner = ["10.1.2.3", "192.168.7.7", "169.254.169.254", "127.0.0.1", "::1", "fe80::1", "fd00::7", "224.0.0.251"]
    names = ["evil.example", "router.local", "localhost"]
    lines = [f"a=candidate:1 1 udp 99 {host} 5000 typ host" for host in inner + names]
    async with attacked(caplog) as (show, _):
        answer = await show.client.post("/whep/out", content=bare + "\r\n".join([*lines, ""]), headers=SDP)
        assert answer.status_code == 201
        late = "\r\n".join(["a=mid:0", *lines, "a=candidate:1 1 udp 99 8.8.8.8 53 typ host", ""])
        headers = FRAGMENT | {"if-match": answer.headers["etag"]}
        assert (await show.client.patch(answer.headers["location"], content=late, headers=headers)).status_code == 204
        assert await known_to(show, "out") <= set(own_addresses())
        await show.client.delete(answer.headers["location"])


async def test_a_neighbour_who_is_named_hears_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A port of this machine's loopback, as a client might try to reach through us."""
    good = await offer("recvonly", "video")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as neighbour:
        neighbour.bind(("127.0.0.1", 0))
        neighbour.setblocking(False)
        line = f"a=candidate:1 1 udp 99 127.0.0.1 {neighbour.getsockname()[1]} typ host\r\n"
        async with attacked(caplog) as (show, _):
            answer = await show.client.post("/whep/out", content=good + line, headers=SDP)
            await asyncio.sleep(0.2)
            with pytest.raises(BlockingIOError):
                neighbour.recv(2048)
            await show.client.delete(answer.headers["location"])


async def test_no_more_candidates_are_asked_than_a_browser_has(caplog: pytest.LogCaptureFixture) -> None:
    """In the offer and after it, all told; documentation addresses (RFC 5737) are asked by nobody."""
    good = await offer("recvonly", "video")
    lines = "".join(f"a=candidate:1 1 udp 99 192.0.2.{number} 5000 typ host\r\n" for number in range(60))
    async with attacked(caplog) as (show, _):
        answer = await show.client.post("/whep/out", content=good + lines, headers=SDP)
        assert answer.status_code == 201
        assert len(await known_to(show, "out")) <= MOST_ASKED
        headers = FRAGMENT | {"if-match": answer.headers["etag"]}
        refused = await show.client.patch(answer.headers["location"], content=lines * 2, headers=headers)
        assert refused.status_code == 400
        await show.client.delete(answer.headers["location"])


async def known_to(show: Show, node: str) -> set[str]:
    """The addresses that the only session of a node asks."""
    service: Any = await asyncio.to_thread(show.run.services.get, "webrtc")
    (found,) = service._endpoints["whep", node].sessions.values()
    assert isinstance(found, Session)
    transport = found.connection.getTransceivers()[0].receiver.transport.transport
    return {candidate.ip for candidate in transport.getRemoteCandidates()}


def own_addresses() -> list[str]:
    from aioice.ice import get_host_addresses

    return get_host_addresses(use_ipv4=True, use_ipv6=True)
