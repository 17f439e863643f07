"""Sound beside the picture, from a graph to those who watch."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from film_support import write_film
from show_support import a_show
from sound_support import LIP_SYNC_NS, Audience, give
from webrtc_support import Watcher, stage, until

from livegraph import Frame, InputError
from livegraph_webrtc.output import WebRtcOut

BOTH = ("video", "audio")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A minute that flashes and clicks every second."""
    return write_film(tmp_path / "film.mp4", 60, range(25, 60 * 25, 25))


async def test_a_flash_and_its_click_leave_together(film: Path) -> None:
    nodes = {
        "clip": {"use": "media.file", "params": {"path": str(film), "live": True}},
        "out": {"use": "webrtc.out", "in": {"video": "clip", "audio": "clip.audio"}},
    }
    async with a_show(nodes) as show:
        audience = Audience(show, "/whep/out")
        await audience.start()
        offsets = await audience.until_in_step(4)
        assert show.node("out")["listeners"] == 1
        await audience.close()
        await until(lambda: show.node("out")["listeners"] == 0)
    assert show.outcomes[0].ok, show.outcomes[0].error
    assert all(abs(offset) <= LIP_SYNC_NS for offset in offsets), offsets


async def test_all_listeners_share_one_encoder_and_it_rests_while_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from livegraph_webrtc.opus_encoder import OpusEncoder

    encoded, encode = [], OpusEncoder.encode

    def noted(self: OpusEncoder, sound: Frame, bps: int) -> Any:
        encoded.append(sound.pts_ns)
        return encode(self, sound, bps)

    async with stage() as on:
        node = await on.built(WebRtcOut, wired=BOTH)
        monkeypatch.setattr(OpusEncoder, "encode", noted)
        giving = asyncio.create_task(give(node, 60))
        deaf, *hearing = Watcher(on.web, "/whep/show"), Audience(on.web, "/whep/show"), Audience(on.web, "/whep/show")
        await deaf.start()
        await deaf.until(10)
        assert encoded == []
        for each in hearing:
            await each.start()
        await until(lambda: all(len(each.sound.frames) > 20 for each in hearing), within_s=30)
        assert len(encoded) == len(set(encoded))
        assert node.status()["listeners"] == 2 and node.status()["audio_kbps"] > 0
        await asyncio.gather(deaf.close(), *(each.close() for each in hearing))
        giving.cancel()
        await asyncio.to_thread(node.teardown)


async def test_who_stays_silent_offers_no_sound_and_who_asks_for_none_gets_none() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, wired=BOTH)
        giving = asyncio.create_task(give(node, 60))
        watcher, audience = Watcher(on.web, "/whep/show"), Audience(on.web, "/whep/show")
        assert "m=audio" not in (await watcher.start()).text
        await audience.start()
        assert audience.answer.count("a=sendonly") == 2 and "opus/48000/2" in audience.answer
        await watcher.until(5, within_s=30)
        giving.cancel()
        await asyncio.gather(watcher.close(), audience.close())
        await asyncio.to_thread(node.teardown)


async def test_a_bitrate_that_changes_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, wired=BOTH, audio_bitrate=128)
        giving = asyncio.create_task(give(node, 60))
        audience = Audience(on.web, "/whep/show")
        await audience.start()
        await until(lambda: len(audience.sound.frames) > 20, within_s=30)
        encoder = node._stream.sound._encoder
        assert encoder._bps == 128_000
        node.params = WebRtcOut.Params(audio_bitrate=32)
        heard = len(audience.sound.frames)
        await until(lambda: len(audience.sound.frames) > heard + 20, within_s=30)
        assert encoder._bps == 32_000
        giving.cancel()
        await audience.close()
        await asyncio.to_thread(node.teardown)


async def test_what_is_no_sound_is_refused_where_it_is_given() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut, wired=BOTH)
        audience = Audience(on.web, "/whep/show")
        await audience.start()
        await until(lambda: bool(node.status()["listeners"]))
        with pytest.raises(InputError, match="no sound"):
            await asyncio.to_thread(node.process, video=None, audio=Frame(0, data=np.zeros(960, np.float32)))
        await audience.close()
        await asyncio.to_thread(node.teardown)
