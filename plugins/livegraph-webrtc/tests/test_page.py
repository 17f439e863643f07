"""The run's own page in a real Chromium: sound both ways, and a way through a relay."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from show_support import a_show
from test_browser import a_page
from test_turn import SECRET, coturn
from webrtc_support import until

pytestmark = pytest.mark.servers
WITH_SOUND = {
    "cam": {"use": "webrtc.in"},
    "out": {"use": "webrtc.out", "in": {"video": "cam.out", "audio": "cam.audio"}},
}


async def seen(page: Any, what: str, within_s: float = 30) -> None:
    """Until an expression is true in the page, whose own policy forbids to wait for it there."""
    for _ in range(round(within_s / 0.2)):
        if await page.evaluate(what):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(what)


async def test_sound_that_is_sent_is_heard_once_it_is_wanted() -> None:
    async with a_show(WITH_SOUND) as show, a_page(show) as page:
        await page.check("#cameras input")
        await page.click("#cameras button")
        await until(lambda: bool(show.node("cam").get("receiving")), within_s=20)
        await seen(page, "!document.querySelector('#screens button[aria-pressed]').hidden")
        await seen(page, "document.querySelector('#screens video').muted")
        await page.click("#screens button[aria-pressed]")
        assert await page.get_attribute("#screens button[aria-pressed]", "aria-pressed") == "true"
        await seen(page, "!document.querySelector('#screens video').muted")
        await seen(page, "document.querySelector('#screens video').srcObject.getAudioTracks()[0].readyState === 'live'")
        if folder := os.environ.get("LIVEGRAPH_SHOTS"):
            await page.screenshot(path=str(Path(folder) / "page-sound.png"))
        await page.click("#cameras button")
    assert show.outcomes[0].ok, show.outcomes[0].error


async def test_without_sound_there_is_no_button_for_it() -> None:
    scene = {"use": "media.pattern", "params": {"size": "320x180"}}
    nodes = {"scene": scene, "out": {"use": "webrtc.out", "in": "scene"}}
    async with a_show(nodes) as show, a_page(show) as page:
        await seen(page, "document.querySelector('#screens video')?.videoWidth > 0")
        assert await page.evaluate("document.querySelector('#screens button[aria-pressed]').hidden")


async def test_pictures_come_by_the_relay_that_the_server_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """livegraph itself has addresses at the relay only: the page has to use it, or to be reached from there."""
    monkeypatch.setenv("LIVEGRAPH_TURN_SECRET", SECRET)
    async with coturn(tmp_path, "--use-auth-secret", "--static-auth-secret", SECRET) as url:
        params = {"turn": url, "relay_only": True}
        nodes = {
            "scene": {"use": "media.pattern", "params": {"size": "320x180"}},
            "out": {"use": "webrtc.out", "in": "scene", "params": params},
        }
        async with a_show(nodes) as show, a_page(show) as page:
            await page.add_init_script(f"({KEPT})()")
            await page.reload()
            await seen(page, "document.querySelector('#screens video')?.videoWidth > 0")
            servers = await page.evaluate("window.kept.map(each => each.getConfiguration().iceServers)")
            assert any(url in server["urls"] for each in servers for server in each)
            assert show.node("out")["connections"][0]["path"].startswith("relay-")


KEPT = """() => {
  window.kept = [];
  const Made = window.RTCPeerConnection;
  window.RTCPeerConnection = function (...how) { const made = new Made(...how); window.kept.push(made); return made; };
}"""
