"""`webrtc.out`, watched by real aiortc peers over loopback."""

from __future__ import annotations

import asyncio

import pytest
from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_PLI, RtcpPsfbPacket, pack_remb_fci
from webrtc_support import Feeder, Watcher, stage, until

from livegraph_webrtc.output import WebRtcOut


async def ask_for_a_keyframe(watcher: Watcher) -> None:
    """PLI, as a receiver sends it that has lost a picture."""
    transceiver = watcher.connection.getTransceivers()[0]
    ssrc = next(iter(transceiver.receiver.getSynchronizationSources())).source
    packet = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=transceiver.sender._ssrc, media_ssrc=ssrc)
    await transceiver.receiver.transport._send_rtp(bytes(packet))


async def estimate(watcher: Watcher, bps: int) -> None:
    """REMB, as a receiver sends it."""
    transceiver = watcher.connection.getTransceivers()[0]
    ssrc = next(iter(transceiver.receiver.getSynchronizationSources())).source
    fci = pack_remb_fci(bps, [ssrc])
    packet = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=transceiver.sender._ssrc, media_ssrc=0, fci=fci)
    await transceiver.receiver.transport._send_rtp(bytes(packet))


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_a_viewer_sees_the_pictures_in_order(codec: str) -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, codec=codec)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node) as feeder:
            answer = await watcher.start()
            assert answer.status_code == 201, answer.text
            await watcher.until(30)
            assert node.status()["viewers"] == 1
            assert node.status()["connections"][0]["state"] == "connected"
        assert feeder.failure is None
        numbers = watcher.numbers
        assert numbers == sorted(set(numbers)) and len(numbers) >= 28
        await watcher.close()
        await until(lambda: node.status()["viewers"] == 0)
        await asyncio.to_thread(node.teardown)


async def test_rtp_time_is_the_pictures_own() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node, fps=20):
            await watcher.start()
            await watcher.until(20)
        (first, start, _), *rest = [seen for seen in watcher.seen if seen[0] is not None]
        assert first is not None
        for number, ticks, _ in rest:
            assert number is not None and abs((ticks - start) - (number - first) * 4500) <= 1
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_nothing_is_encoded_while_nobody_watches() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        with Feeder(node) as feeder:
            await until(lambda: feeder.given > 10)
            assert node.status()["encoded"] == 0
            watcher = Watcher(on.web, "/whep/show")
            await watcher.start()
            await watcher.until(5)
            assert (await on.web.client.delete(watcher.location)).status_code == 200
            await until(lambda: node.status()["viewers"] == 0)
            encoded, given = node.status()["encoded"], feeder.given
            await until(lambda: feeder.given > given + 10)
            assert node.status()["encoded"] <= encoded + 1
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_all_viewers_share_one_encoder() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watchers = [Watcher(on.web, "/whep/show") for _ in range(4)]
        with Feeder(node) as feeder:
            await asyncio.gather(*(watcher.start() for watcher in watchers))
            await asyncio.gather(*(watcher.until(40) for watcher in watchers))
            status = node.status()
            assert status["viewers"] == 4
            assert status["encoded"] <= feeder.given
        await asyncio.gather(*(watcher.close() for watcher in watchers))
        await asyncio.to_thread(node.teardown)


async def test_a_keyframe_comes_within_a_second_of_joining_and_of_asking() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, gop=60.0)
        first, second = Watcher(on.web, "/whep/show"), Watcher(on.web, "/whep/show")
        with Feeder(node):
            await first.start()
            await first.until(30)
            made = node.status()["keyframes"]
            await second.start()
            await until(lambda: second.connection.connectionState == "connected")
            await second.until(1, within_s=1.0)
            assert node.status()["keyframes"] == made + 1
            await asyncio.sleep(0.6)  # beyond the least time between two
            await ask_for_a_keyframe(first)
            await until(lambda: node.status()["keyframes"] == made + 2, within_s=1.0)
            for _ in range(20):  # one that asks again and again gets no more than two a second
                await ask_for_a_keyframe(first)
                await asyncio.sleep(0.02)
            assert node.status()["keyframes"] <= made + 4
        await asyncio.gather(first.close(), second.close())
        await asyncio.to_thread(node.teardown)


async def test_the_bitrate_follows_what_a_receiver_estimates_and_new_limits() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, min_bitrate=100)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node):
            await watcher.start()
            await watcher.until(40)
            assert node.status()["target_kbps"] >= 1000 and node.status()["bitrate_kbps"] > 20
            await estimate(watcher, 10_000)
            await until(lambda: node.status()["target_kbps"] == 100)
            await estimate(watcher, 1_500_000)
            await until(lambda: node.status()["target_kbps"] == 1500)
            node.params = WebRtcOut.Params(min_bitrate=100, max_bitrate=800)
            await until(lambda: node.status()["target_kbps"] == 800)
            await watcher.until(80)
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_who_joins_while_the_stream_stands_still_gets_the_last_picture() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        first, second = Watcher(on.web, "/whep/show"), Watcher(on.web, "/whep/show")
        with Feeder(node):
            await first.start()
            await first.until(5)
        await asyncio.sleep(0.5)
        made = node.status()["keyframes"]
        await second.start()
        await until(lambda: node.status()["keyframes"] == made + 1, within_s=5.0)
        await until(lambda: node.status()["connections"][1]["pictures"] == 1)
        await asyncio.to_thread(node.teardown)
        await asyncio.gather(first.close(), second.close())


async def test_sound_that_is_offered_first_is_answered_and_left_alone() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node):
            answer = await watcher.start(("audio", "video"))
            assert "a=inactive" in answer.text and "a=sendonly" in answer.text
            await watcher.until(5)
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_a_size_that_changes_midway_arrives() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node) as feeder:
            await watcher.start()
            await watcher.until(10)
            feeder.size = (480, 272)
            await until(lambda: (480, 272) in watcher.sizes)
        assert feeder.failure is None
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_what_ends_the_encoder_is_raised_where_pictures_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        monkeypatch.setattr("livegraph_webrtc.encoder.Encoder.encode", lambda self, *args: 1 / 0)
        watcher = Watcher(on.web, "/whep/show")
        with Feeder(node) as feeder:
            await watcher.start()
            await until(lambda: isinstance(feeder.failure, ZeroDivisionError))
        await watcher.close()
        await asyncio.to_thread(node.teardown)
