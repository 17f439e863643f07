"""`webrtc.in`, fed by real aiortc peers over loopback."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from webrtc_support import Reader, Sender, TestWeb, stage, until

from livegraph import size_of
from livegraph_webrtc.decoder import Decoded
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.input import WebRtcIn
from livegraph_webrtc.whip import Arrived, Rules, Whip


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_pictures_arrive_in_order_with_the_senders_times(codec: str) -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        sender = Sender(on.web, "/whip/show", codec)
        with Reader(node) as reader:
            answer = await sender.start()
            assert answer.status_code == 201, answer.text
            await reader.until(30)
            status = node.status()
            assert status["receiving"] and status["connections"][0]["codec"] == codec
        numbers = reader.numbers
        assert numbers == sorted(set(numbers)) and numbers[0] <= 10
        for (earlier, first), (later, second) in pairwise(zip(reader.frames, numbers, strict=True)):
            due = (second - first) / 30 * 1e9  # aiortc's own track counts in whole thirtieths
            assert abs(later.pts_ns - earlier.pts_ns - due) < 1e6
        assert not any(frame.discontinuity for frame in reader.frames)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_nothing_comes_until_somebody_sends_and_after_they_end() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        assert [offer.path for offer in on.web.offers] == ["/whip/show"]
        assert await asyncio.to_thread(node.read) is None
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            await sender.start()
            await reader.until(5)
            assert (await on.web.client.delete(sender.location)).status_code == 200
            await until(lambda: not node.status()["connections"])
            count = len(reader.frames)
            await asyncio.sleep(0.3)
            assert len(reader.frames) <= count + 1
        assert any("the other side ended it" in text for text in on.said)
        await sender.close()
        await asyncio.to_thread(node.teardown)
        assert on.web.offers == []


async def test_a_sender_that_comes_back_is_a_discontinuity() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        with Reader(node) as reader:
            for _ in range(2):
                sender = Sender(on.web, "/whip/show")
                before = len(reader.frames)
                await sender.start()
                await reader.until(before + 5)
                await sender.close()
                await until(lambda: not node.status()["connections"])
        assert sum(frame.discontinuity for frame in reader.frames) == 1
        assert all(earlier.pts_ns < later.pts_ns for earlier, later in pairwise(reader.frames))
        await asyncio.to_thread(node.teardown)


async def test_a_second_sender_takes_over_with_its_first_picture() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        first, second = Sender(on.web, "/whip/show"), Sender(on.web, "/whip/show", size=(160, 120))
        with Reader(node) as reader:
            await first.start()
            await reader.until(10)
            await second.start()
            await until(lambda: size_of(reader.frames[-1].data) == (160, 120))
            await until(lambda: len(node.status()["connections"]) == 1)
            await until(lambda: first.connection.connectionState == "closed")
        sizes = [size_of(frame.data) for frame in reader.frames]
        assert sizes == sorted(sizes, reverse=True)
        await asyncio.gather(first.close(), second.close())
        await asyncio.to_thread(node.teardown)


async def test_pictures_of_one_that_was_taken_over_from_come_too_late() -> None:
    web: Any = TestWeb()
    whip = Whip(web, Ice(), Rules(True, 10.0, 1 << 20, sound=False))
    ended: list[str] = []
    first: Any = SimpleNamespace(id="first", end=ended.append)
    second: Any = SimpleNamespace(id="second", end=ended.append)
    whip._turns.update(first=1, second=2)
    for session, turn in ((first, 1), (second, 2), (first, 1)):
        whip._show(session, turn, Decoded(None, 0, 0.0))  # type: ignore[arg-type]
    arrived = whip.inbox.take(0)
    assert isinstance(arrived, Arrived) and arrived.session == "second"
    await asyncio.sleep(0)
    assert ended == ["another sender took over"]


async def test_without_takeover_a_second_sender_is_refused() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, takeover=False)
        first, second, third = (Sender(on.web, "/whip/show") for _ in range(3))
        with Reader(node) as reader:
            await first.start()
            await reader.until(3)
            assert (await second.start()).status_code == 409
            await on.web.client.delete(first.location)
            assert (await third.start()).status_code == 201
        await asyncio.gather(*(each.close() for each in (first, second, third)))
        await asyncio.to_thread(node.teardown)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_a_size_that_changes_midway_arrives(codec: str) -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        sender = Sender(on.web, "/whip/show", codec)
        with Reader(node) as reader:
            await sender.start()
            await reader.until(10)
            for size in ((160, 120), (640, 368)):
                sender.track.size = size
                await until(lambda: size_of(reader.frames[-1].data) == size)  # noqa: B023
        await sender.close()
        await asyncio.to_thread(node.teardown)


@pytest.mark.parametrize("fit", ["crop", "letterbox"])
async def test_pictures_have_the_size_that_was_asked_for(fit: str) -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, size="256x256", fit=fit)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            await sender.start()
            await reader.until(5)
        assert {size_of(frame.data) for frame in reader.frames} == {(256, 256)}
        assert any("320x240 is" in text for text in on.said)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_pictures_that_are_too_large_are_not_decoded_and_that_is_told() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, max_pixels=64 * 64)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            await sender.start()
            await until(lambda: any(each["errors"] > 2 for each in node.status()["connections"]))
            assert not reader.frames
        assert any("larger than" in text for text in on.said)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_sound_is_answered_and_left_alone() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            answer = await sender.start(sound=True)
            assert "a=inactive" in answer.text and "a=recvonly" in answer.text
            await reader.until(5)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_a_sender_by_whom_nothing_comes_is_let_go() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, idle_timeout=1.0)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            await sender.start()
            await reader.until(3)
            sender.transceiver.sender._enabled = False  # its frames are dropped before they are sent
            await until(lambda: not node.status()["connections"])
        assert any("nothing came for 1 s" in text for text in on.said)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_colour_bars_stand_for_a_sender_where_that_is_asked_for() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, fallback="bars", size="64x48")
        with Reader(node) as reader:
            await reader.until(2)
            sender = Sender(on.web, "/whip/show")
            await sender.start()
            await until(lambda: any(frame.discontinuity for frame in list(reader.frames)))
        bars = reader.frames[0].data
        assert bars.y[10, [2, 62]].tolist() == [180, 35]
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_lost_packets_cost_a_keyframe_and_not_the_stream() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            await sender.start()
            await reader.until(10)
            transport = sender.transceiver.sender.transport
            send, sent = transport._send_rtp, 0

            async def lossy(data: bytes) -> None:
                nonlocal sent
                sent += 1
                if sent % 25:
                    await send(data)

            transport._send_rtp = lossy
            await until(lambda: sent > 100)
            transport._send_rtp = send
            connection = node.status()["connections"][0]
            newest = reader.numbers[-1]
            await until(lambda: reader.numbers[-1] > newest + 20)
        assert connection["lost_packets"] == 0 or connection["keyframes_asked"] > 0
        assert reader.numbers == sorted(reader.numbers)
        await sender.close()
        await asyncio.to_thread(node.teardown)
