"""The sound of those who send, beside their pictures."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from film_support import clicks_ns, flashes_ns
from sound_support import LIP_SYNC_NS, Filming, offsets_ns
from webrtc_support import Reader, Sender, stage, until

from livegraph import Frame, Gap
from livegraph_webrtc.input import WebRtcIn

BOTH = ("out", "audio")


class Listening(Reader):
    """Reads both ports: `frames` has the pictures, `heard` the blocks and bounds of the sound, in their order."""

    def __init__(self, node: Any) -> None:
        super().__init__(node)
        self.heard: list[Frame | Gap] = []

    @property
    def sounds(self) -> list[Frame]:
        return [item for item in list(self.heard) if isinstance(item, Frame)]

    @property
    def gaps(self) -> list[Gap]:
        return [item for item in list(self.heard) if isinstance(item, Gap)]

    @property
    def offsets_ns(self) -> list[int]:
        """By how much the click of each flash comes after it."""
        return offsets_ns(flashes_ns(list(self.frames)), clicks_ns(self.sounds))

    def take(self, read: Any) -> None:
        for port, item in read.items():
            (self.heard if port == "audio" else self.frames).append(item)


def check_order(reader: Listening) -> None:
    """On one port, nothing comes at or before what was there or was promised not to come."""
    bound_ns = -1
    for item in reader.heard:
        if isinstance(item, Frame):
            assert item.pts_ns > bound_ns
            bound_ns = item.pts_ns + item.duration_ns - 1
        else:
            bound_ns = max(bound_ns, item.pts_ns)


async def test_a_flash_and_its_click_arrive_together() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, wired=BOTH)
        sender = Filming(on.web, "/whip/show")
        with Listening(node) as reader:
            await sender.start()
            await until(lambda: len(reader.offsets_ns) >= 5, within_s=60)
            status = node.status()["connections"][0]
            assert status["audio_packets"] > 100 and status["audio_errors"] == 0
        assert all(abs(offset) <= LIP_SYNC_NS for offset in reader.offsets_ns), reader.offsets_ns
        for sound in reader.sounds:
            assert sound.data.dtype == np.float32 and sound.data.shape[1] == 2 and sound.meta["rate"] == 48_000
        check_order(reader)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_a_sender_without_sound_makes_nobody_wait_for_it() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, wired=BOTH)
        sender = Sender(on.web, "/whip/show")
        with Listening(node) as reader:
            assert "m=audio" not in (await sender.start()).text
            await reader.until(10)
        assert [gap.pts_ns for gap in reader.gaps] == [frame.pts_ns for frame in reader.frames]
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_where_nobody_listens_sound_is_declined_and_not_decoded() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, wired=("out",))
        sender = Filming(on.web, "/whip/show")
        with Reader(node) as reader:
            assert "a=inactive" in await sender.start()
            await reader.until(5)
            assert "audio_packets" not in node.status()["connections"][0]
        assert all(isinstance(frame, Frame) for frame in reader.frames)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_sound_goes_over_to_who_takes_over_and_is_a_discontinuity_there() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn, wired=BOTH)
        first, second = Filming(on.web, "/whip/show"), Filming(on.web, "/whip/show")
        with Listening(node) as reader:
            await first.start()
            await until(lambda: len(reader.sounds) > 30, within_s=30)
            await second.start()
            await until(lambda: len(node.status()["connections"]) == 1 and reader.frames[-1].pts_ns > 0, within_s=30)
            await until(lambda: any(sound.discontinuity for sound in reader.sounds), within_s=30)
            heard = len(reader.sounds)
            await until(lambda: len(reader.sounds) > heard + 30, within_s=30)
        assert sum(sound.discontinuity for sound in reader.sounds) == 1
        check_order(reader)
        await asyncio.gather(first.close(), second.close())
        await asyncio.to_thread(node.teardown)
